// The token that names a page of a search's results: how many came before, bound to the search that it goes on with.
import { createHash } from "node:crypto"
import { AppError, canonicalJson, type JsonValue } from "../../core/index.ts"

const bindingCharacters = 10

/** Goes on after `offset` results of that search. */
export function pageToken(offset: number, asked: JsonValue): string {
  return `${offset}.${bindingOf(asked)}`
}

/** How many results come before the page; 0 without a token. */
export function offsetOf(token: string | null | undefined, asked: JsonValue): number {
  if (token === null || token === undefined) return 0
  const [offset = "", binding] = token.split(".")
  if (/^\d{1,6}$/.test(offset) && binding === bindingOf(asked)) return Number(offset)
  throw new AppError("invalid_request", "`page` is not the `next_page` of this search.", {
    param: "page",
    hint: "Send the same query, filters and options as for the page before, or leave `page` out.",
  })
}

function bindingOf(asked: JsonValue): string {
  return createHash("sha256").update(canonicalJson(asked)).digest("base64url").slice(0, bindingCharacters)
}
