// Other parameters in a body that is not parsed: what it has of them, and the bytes to put in their place.
import type { JsonValue } from "../../core/index.ts"
import type { ParameterChanges, TopLevel } from "../../inference/index.ts"
import type { BodyBytes, Edit } from "./body-bytes.ts"
import { scanTopLevel } from "./body-scan.ts"

/** Undefined where the body has one of them twice, or not in a way that two readers would read alike. */
export function topOfBytes(bytes: BodyBytes, names: ReadonlySet<string>): TopLevel | undefined {
  const spans = scanTopLevel(bytes.pieces, names)
  if (!spans) return undefined
  return {
    has: (name) => spans.has(name),
    value: (name) => {
      const span = spans.get(name)
      return span && (JSON.parse(bytes.text(span)) as JsonValue) // what is not JSON is refused as such
    },
  }
}

/** `after`: where a member ends that new ones follow. Undefined where one must be taken out, which moving bytes does not do. */
export function changeEdits(bytes: BodyBytes, changes: ParameterChanges, after: number): Edit[] | undefined {
  const spans = scanTopLevel(bytes.pieces, new Set(changes.keys()))
  if (!spans) return undefined
  const edits: Edit[] = []
  let added = ""
  for (const [name, value] of changes) {
    const span = spans.get(name)
    const text = value === undefined ? undefined : JSON.stringify(value)
    if (text === undefined) {
      if (span) return undefined
    } else if (span) edits.push({ ...span, text })
    else added += `,${JSON.stringify(name)}:${text}`
  }
  return added === "" ? edits : [...edits, { start: after, end: after, text: added }]
}
