// What each limit means, as its comment in a chapter of core/limits says; several limits under one comment share it.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const chapters = join(import.meta.dirname, "..", "..", "packages", "server", "src", "core", "limits")

/** Name of a limit → its meaning. */
export function limitMeanings(): Record<string, string> {
  const texts = readdirSync(chapters).map((name) => readFileSync(join(chapters, name), "utf8"))
  return Object.assign({}, ...texts.map(meaningsIn))
}

/** Throws where a comment cannot be read, so that no row stays empty unseen. */
function meaningsIn(text: string): Record<string, string> {
  const start = text.indexOf("export interface ")
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
    } else throw new Error(`a chapter of core/limits has a line that is neither a comment nor a limit: ${line}`)
  }
  return meanings
}
