// What a request says of itself that is kept with its run, and with what is spent inside the server on its behalf.
import type { JsonObject } from "./json.ts"

export interface Said {
  readonly tags: readonly string[]
  /** Null where it says nothing else. */
  readonly metadata: JsonObject | null
}

/** As records hold it: the tags of a key with those of the request beside them. */
export function saidBeside(tags: readonly string[], said: Said | undefined): { tags: readonly string[]; metadata?: JsonObject } {
  return { tags: tagsWith(tags, said), ...(said?.metadata ? { metadata: said.metadata } : {}) }
}

/** Of a key, and those of the request beside them. */
export function tagsWith(tags: readonly string[], of: Pick<Said, "tags"> | undefined): readonly string[] {
  return of === undefined || of.tags.length === 0 ? tags : [...new Set([...tags, ...of.tags])]
}
