// Names of memory scopes: `user:ada`, `agent:support/user:ada`, `project`; a plain name is that of an application.
import { AppError } from "../../core/index.ts"

export type ScopeKind = "project" | "application" | "agent" | "user" | "team" | "thread"

export interface ScopeName {
  /** The whole text; two scopes are the same when their paths are. */
  path: string
  /** Of the last segment. */
  kind: ScopeKind
  parent: string | null
  /** End users that its segments name. */
  users: readonly string[]
}

const kinds: readonly string[] = ["application", "agent", "user", "team", "thread"] satisfies ScopeKind[]
const charsMax = 200
const segmentsMax = 6
const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Throws what is wrong with the text. */
export function parseScope(text: string, param = "scope"): ScopeName {
  const path = text.normalize("NFC")
  if (path.length === 0 || path.length > charsMax) {
    throw invalid(param, `A scope has 1 to ${charsMax} characters; got ${path.length}.`)
  }
  if (control.test(path)) throw invalid(param, "A scope contains no control characters and no invisible ones.")
  const segments = path.split("/")
  if (segments.length > segmentsMax) throw invalid(param, `A scope has at most ${segmentsMax} segments; got ${segments.length}.`)
  const parsed = segments.map((segment) => parseSegment(segment, param))
  return {
    path,
    kind: parsed.at(-1)?.kind ?? "application",
    parent: segments.length > 1 ? segments.slice(0, -1).join("/") : null,
    users: parsed.filter(({ kind }) => kind === "user").map(({ name }) => name),
  }
}

function parseSegment(segment: string, param: string): { kind: ScopeKind; name: string } {
  if (segment === "project") return { kind: "project", name: "" }
  const colon = segment.indexOf(":")
  const kind = colon < 0 ? "application" : segment.slice(0, colon)
  const name = segment.slice(colon + 1)
  if (!kinds.includes(kind)) throw invalid(param, `'${kind}' is no kind of scope; there are ${kinds.join(", ")} and plain \`project\`.`)
  if (name === "" || name !== name.trim())
    throw invalid(param, `A segment of a scope is \`kind:name\` without blanks around the name; got '${segment}'.`)
  return { kind: kind as ScopeKind, name } // it is in the list
}

function invalid(param: string, message: string): AppError {
  return new AppError("invalid_request", message, {
    param,
    hint: "For example `user:ada`, `agent:support/user:ada`, `team:sales`, `project`.",
  })
}
