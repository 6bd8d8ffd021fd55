// Texts of users that are sealed into what clients keep and send back: named in one place, so that an erasure can look into all of them.
import { mentionsSealed, type Sealer } from "./sealed.ts"

/** What `Sealer.seal` is given for them. */
export const clientTextPurposes = ["compaction", "reasoning"] as const
export type ClientTextPurpose = (typeof clientTextPurposes)[number]

/** What stands in a sealed text; undefined for any other text, and for what was sealed elsewhere. */
export type OpenClientText = (text: string) => string | undefined

export function clientTextOpener(sealer: Sealer, projectId: string): OpenClientText {
  return (text) => {
    if (!mentionsSealed(text)) return undefined
    for (const purpose of clientTextPurposes) {
      const opened = sealer.open(purpose, projectId, text)
      if (opened !== undefined) return opened
    }
    return undefined
  }
}
