// The trust of what is remembered: a person's own words are theirs, everything else is what an outsider may have written.
import type { Label } from "../../security/index.ts"
import type { Caller } from "../types.ts"
import type { NewMemory } from "./types.ts"

/** A statement that a principal sends itself, outside of any run, is that principal's own word. */
export function writersLabel({ projectId, principal }: Caller): Label {
  return { integrity: 3, sources: [`user:${principal}`], readers: [projectId], secrets: [] }
}

/** What a client says of its tools, its model, pages and files cannot be told from what an outsider put there. */
export function labelOfNew(caller: Caller, { label, role = "user", source }: NewMemory): Label {
  if (label !== undefined) return label
  const kind = source?.kind ?? kindOfRole[role]
  if (role === "user" && (kind === "user" || kind === "operator")) return writersLabel(caller)
  return { integrity: 0, sources: [`${kind}:${nameOf(source?.uri) ?? caller.principal}`], readers: [caller.projectId], secrets: [] }
}

/** Labels lie in plain: of an address they have the host, of what is no plain name nothing. */
function nameOf(uri: string | undefined): string | undefined {
  if (uri === undefined) return undefined
  if (/^[\w.-]{1,100}$/u.test(uri)) return uri
  return URL.canParse(uri) ? new URL(uri).hostname || undefined : undefined
}

export const kindOfRole = { user: "user", assistant: "agent", tool: "tool" } as const
