// What each limit means, as its comment in core/limits.ts says; several limits under one comment share it.
import { readFileSync } from "node:fs"
import { join } from "node:path"

const source = join(import.meta.dirname, "..", "..", "packages", "server", "src", "core", "limits.ts")

/** Name of a limit → its meaning. Throws where a comment cannot be read, so that no row stays empty unseen. */
export function limitMeanings(text: string = readFileSync(source, "utf8")): Record<string, string> {
  const start = text.indexOf("export interface Limits {")
  const body = text.slice(start, text.indexOf("\n}", start))
  const meanings: Record<string, string> = {}
  let meaning: string | undefined
  let first: string | undefined
  for (const line of body.split("\n").slice(1)) {
    const comment = /^ {2}\/\*\* (.+) \*\/$/.exec(line)?.[1]
    const name = /^ {2}(\w+): number$/.exec(line)?.[1]
    if (comment !== undefined) [meaning, first] = [comment, undefined]
    else if (name !== undefined && meaning !== undefined) {
      meanings[name] = first === undefined ? meaning : `see \`${first}\``
      first ??= name
    } else throw new Error(`core/limits.ts has a line that is neither a comment nor a limit: ${line}`)
  }
  return meanings
}
