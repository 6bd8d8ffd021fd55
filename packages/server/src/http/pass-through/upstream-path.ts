// What of a request's path goes to the provider: nothing that any server could read as leading out of its base address.
import { AppError } from "../../core/index.ts"

export interface PathBelow {
  /** Below the path of the route and the base address of the provider; empty or with a slash in front. */
  path: string
  /** With its question mark; empty where there is none. */
  query: string
}

const plainPath = /^(?:\/(?:[\w.~!$&'()*+,;=:@-]|%[0-9a-f]{2})*)*$/i
const plainQuery = /^[\x21\x22\x24-\x7e]*$/
/** Slashes, percent signs and control characters that are written as their codes: the next server may read them once more. */
const hidden = /%(?:2f|5c|25|[01][0-9a-f]|7f)/i
/** Keys that some providers take in the query: the provider is told the server's own, in a header. */
const credentials = /^(?:key|api[-_]?key|access_token)$/i

/** `url` as it came, `prefix` the path of the route, which it begins with. */
export function pathBelow(url: string, prefix: string): PathBelow {
  const mark = url.indexOf("?")
  const path = (mark < 0 ? url : url.slice(0, mark)).slice(prefix.length)
  const query = mark < 0 ? "" : url.slice(mark + 1)
  if (!plainPath.test(path) || hidden.test(path) || path.slice(0, -1).includes("//") || path === "//" || path.split("/").some(leadsUp))
    throw notPassed("path", "a part of it is . or .., empty, or hides a slash or another sign behind its code")
  if (!plainQuery.test(query)) throw notPassed("query", "it has characters that must be written by their codes")
  const passed = query.split("&").filter((each) => !credentials.test(nameIn(each)))
  return { path, query: query === "" || passed.length === 0 ? "" : `?${passed.join("&")}` }
}

/** Some servers leave out what follows a semicolon. */
function leadsUp(part: string): boolean {
  const [name = ""] = decoded(part).split(";")
  return name === "." || name === ".."
}

function nameIn(parameter: string): string {
  return decoded(parameter.split("=", 1)[0] ?? "")
}

function decoded(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function notPassed(what: string, why: string): AppError {
  return new AppError("invalid_request", `the ${what} of this request is not passed on: ${why}`, {
    hint: "Send the path as the provider's documentation writes it.",
  })
}
