// The rows of something that is remembered: the episode itself and the source that it comes from, sealed and labelled.
import type { NewEpisode, sources } from "../../store/index.ts"
import { estimateTokens } from "../documents/tokens.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { ScopeName } from "../scopes/scope-name.ts"
import { sealBody } from "./bodies.ts"
import { contentHash, type DataKey } from "./data-keys.ts"
import { isDirective } from "./directives.ts"
import type { EpisodeBody } from "./entries.ts"
import { kindOfRole, labelOfNew } from "./labels.ts"
import type { NewMemory } from "./types.ts"

/** What is to be written, by whom and where. */
export interface Write {
  /** Of the episode. */
  id: string
  now: number
  caller: MemoryCaller
  scope: ScopeName
  memory: NewMemory
  /** Of the scope's hashes; `key` is that of the subject. */
  scopeKey: DataKey
  key: DataKey
}

type NewSource = Parameters<typeof sources.ensureSource>[2]

function originOf({ role = "user", source, conversationId, session }: NewMemory): Pick<NewSource, "kind"> & { uri: string | null } {
  return { kind: source?.kind ?? kindOfRole[role], uri: source?.uri ?? conversationId ?? session ?? null }
}

/** The same origin is one source: revoking it takes back all that came from there. */
export function sourceIdentity({ caller, memory, scopeKey }: Write): string {
  const { kind, uri } = originOf(memory)
  return contentHash(scopeKey, ["source", kind, caller.principal, uri, labelOfNew(caller, memory).integrity])
}

export function sourceOf(write: Write, id: string): NewSource {
  const { caller, scope, memory, scopeKey, now } = write
  const { kind, uri } = originOf(memory)
  const label = labelOfNew(caller, memory)
  return {
    id,
    kind,
    principal: caller.principal,
    scope: scope.path,
    identity: sourceIdentity(write),
    keyId: scopeKey.id,
    body: sealBody(scopeKey.bytes, caller.projectId, id, { uri, title: memory.source?.title ?? null }),
    runId: memory.runId ?? null,
    label: label as never, // a Label is plain JSON
    integrity: label.integrity,
    createdAt: now,
  }
}

export function episodeOf({ id, now, caller, scope, memory, scopeKey, key }: Write, sourceId: string, session: string | null): NewEpisode {
  const { text, role = "user", speaker, metadata } = memory
  const label = labelOfNew(caller, memory)
  const body: EpisodeBody = { text, ...(speaker === undefined ? {} : { speaker }), ...(metadata === undefined ? {} : { metadata }) }
  return {
    id,
    sourceId,
    scope: scope.path,
    conversationId: memory.conversationId ?? null,
    itemId: memory.itemId ?? null,
    session,
    lane: role,
    keyId: key.id,
    body: sealBody(key.bytes, caller.projectId, id, body),
    contentHash: contentHash(scopeKey, [role, speaker ?? null, text, memory.validFrom ?? null, memory.validTo ?? null]),
    tokens: estimateTokens(text),
    occurredAt: memory.occurredAt ?? now,
    recordedAt: now,
    validFrom: memory.validFrom ?? null,
    validTo: memory.validTo ?? null,
    expiredAt: null,
    endedBy: null,
    label: label as never, // a Label is plain JSON
    integrity: label.integrity,
    directive: isDirective(text),
    recalledFrom: [...(memory.recalledFrom ?? [])],
    principal: caller.principal,
    runId: memory.runId ?? null,
    upkeptAt: null,
  }
}
