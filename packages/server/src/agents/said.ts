// What a response's request says of itself, as records of what is spent on it have it.
import type { Said } from "../core/index.ts"
import type { NewResponse } from "./types.ts"

/** Its own metadata and what it says beside; its tags are among the latter. Undefined where it says nothing. */
export function saidOf({ metadata: { tags: _tags, ...own }, said }: Pick<NewResponse, "metadata" | "said">): Said | undefined {
  const metadata = { ...own, ...said?.metadata }
  const isEmpty = Object.keys(metadata).length === 0
  return isEmpty && said === undefined ? undefined : { tags: said?.tags ?? [], metadata: isEmpty ? null : metadata }
}
