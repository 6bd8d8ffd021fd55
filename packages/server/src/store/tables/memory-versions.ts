// Versions of memories in two times: when something held in the world, and from when to when it was what we knew.
import type { JsonValue } from "../../core/index.ts"
import type { Queryable } from "../port.ts"
import type { MemoryKind } from "./memories.ts"

export type VersionOp = "assert" | "refine" | "supersede" | "contradict"
export type VersionEnd = "refine" | "supersede" | "retract" | "revoke" | "redact" | "expire"

export interface StoredVersion {
  id: string
  memoryId: string
  scope: string
  kind: MemoryKind
  keyId: string
  /** Encrypted: text, data, slot; null once it is redacted. */
  body: Uint8Array | null
  contentHash: string
  validFrom: number | null
  validTo: number | null
  recordedAt: number
  expiredAt: number | null
  endedBy: VersionEnd | null
  /** From when on its successor holds in the world. */
  replacedFrom: number | null
  op: VersionOp
  supersedes: string | null
  head: boolean
  label: JsonValue
  integrity: number
  directive: boolean
  confidence: number
  salience: number
  tokens: number
  principal: string
  runId: string | null
  model: string | null
  promptHash: string | null
  lapsesAt: number | null
}

const columns = `v.id, v.memory_id as "memoryId", v.scope, m.kind, v.key_id as "keyId", v.body, v.content_hash as "contentHash",
  v.valid_from as "validFrom", v.valid_to as "validTo", v.recorded_at as "recordedAt", v.expired_at as "expiredAt", v.ended_by as "endedBy",
  v.replaced_from as "replacedFrom", v.op, v.supersedes, v.head, v.label, v.integrity, v.directive, v.confidence, v.salience, v.tokens, v.principal,
  v.run_id as "runId", v.model, v.prompt_hash as "promptHash", v.lapses_at as "lapsesAt"`
const joined = `memory_versions v join memories m on m.project_id = v.project_id and m.id = v.memory_id`

export function versionsByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<StoredVersion[]> {
  return db.query<StoredVersion>(`select ${columns} from ${joined} where v.project_id = $1 and v.id = any($2)`, [projectId, ids])
}

/** All versions of a memory, newest first. */
export function versionsOfMemory(db: Queryable, projectId: string, memoryId: string, limit: number): Promise<StoredVersion[]> {
  const text = `select ${columns} from ${joined} where v.project_id = $1 and v.memory_id = $2 order by v.id desc limit $3`
  return db.query<StoredVersion>(text, [projectId, memoryId, limit])
}

export function headsOf(db: Queryable, projectId: string, memoryIds: readonly string[]): Promise<StoredVersion[]> {
  const text = `select ${columns} from ${joined} where v.project_id = $1 and v.memory_id = any($2) and v.head`
  return db.query<StoredVersion>(text, [projectId, memoryIds])
}
