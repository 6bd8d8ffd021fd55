// Versions of memories in two times: when something held in the world, and from when to when it was what we knew.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
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
  /** How much whoever ended it was trusted. */
  endedIntegrity: number | null
  upkeptAt: number | null
  /** Of its memory. */
  pinnedAt: number | null
}

/** What is written of a version; its memory and upkeep say the rest. */
export type NewVersion = Omit<StoredVersion, "kind" | "upkeptAt" | "pinnedAt">

const columns = `v.id, v.memory_id as "memoryId", v.scope, m.kind, v.key_id as "keyId", v.body, v.content_hash as "contentHash",
  v.valid_from as "validFrom", v.valid_to as "validTo", v.recorded_at as "recordedAt", v.expired_at as "expiredAt", v.ended_by as "endedBy",
  v.replaced_from as "replacedFrom", v.op, v.supersedes, v.head, v.label, v.integrity, v.directive, v.confidence, v.salience, v.tokens, v.principal,
  v.run_id as "runId", v.model, v.prompt_hash as "promptHash", v.lapses_at as "lapsesAt",
  v.ended_integrity as "endedIntegrity", v.upkept_at as "upkeptAt", m.pinned_at as "pinnedAt"`
/** The transactions that wrote the rows last. */
const stamp = `v.xmin::text || ' ' || m.xmin::text`
const joined = `memory_versions v join memories m on m.project_id = v.project_id and m.id = v.memory_id`

export async function insertVersion(tx: Queryable, projectId: string, version: NewVersion): Promise<void> {
  await tx.query(
    `insert into memory_versions (project_id, id, memory_id, scope, key_id, body, content_hash, valid_from, valid_to, recorded_at, expired_at, ended_by,
       replaced_from, op, supersedes, head, label, integrity, directive, confidence, salience, tokens, principal, run_id, model, prompt_hash, lapses_at,
       ended_integrity)
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::float8 / 1000), to_timestamp($9::float8 / 1000), to_timestamp($10::float8 / 1000),
       to_timestamp($11::float8 / 1000), $12, to_timestamp($13::float8 / 1000), $14, $15, $16, $17::jsonb, $18, $19, $20, $21, $22, $23, $24, $25,
       $26, to_timestamp($27::float8 / 1000), $28)`,
    [
      projectId,
      version.id,
      version.memoryId,
      version.scope,
      version.keyId,
      version.body,
      version.contentHash,
      version.validFrom,
      version.validTo,
      version.recordedAt,
      version.expiredAt,
      version.endedBy,
      version.replacedFrom,
      version.op,
      version.supersedes,
      version.head,
      jsonText(version.label),
      version.integrity,
      version.directive,
      version.confidence,
      version.salience,
      version.tokens,
      version.principal,
      version.runId,
      version.model,
      version.promptHash,
      version.lapsesAt,
      version.endedIntegrity,
    ],
  )
}

export function versionsByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<StoredVersion[]> {
  return db.query<StoredVersion>(`select ${columns} from ${joined} where v.project_id = $1 and v.id = any($2)`, [projectId, ids])
}

/** The same with their stamps. */
export function stampedVersions(db: Queryable, projectId: string, ids: readonly string[]): Promise<(StoredVersion & { stamp: string })[]> {
  const text = `select ${columns}, ${stamp} as stamp from ${joined} where v.project_id = $1 and v.id = any($2)`
  return db.query<StoredVersion & { stamp: string }>(text, [projectId, ids])
}

/** What is another one after each write to the version or its memory; of those that are there. */
export function versionStamps(db: Queryable, projectId: string, ids: readonly string[]): Promise<{ id: string; stamp: string }[]> {
  return db.query(`select v.id, ${stamp} as stamp from ${joined} where v.project_id = $1 and v.id = any($2)`, [projectId, ids])
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

/** Heads of the memories that are pinned in those scopes, oldest first. */
export function pinnedHeads(db: Queryable, projectId: string, scopes: readonly string[], limit: number): Promise<StoredVersion[]> {
  const text = `select ${columns} from ${joined}
    where v.project_id = $1 and m.scope = any($2) and m.pinned_at is not null and v.head order by m.id limit $3`
  return db.query<StoredVersion>(text, [projectId, scopes, limit])
}

/** The live heads with that content in the scope. */
export function headsWithContent(db: Queryable, projectId: string, scope: string, contentHash: string): Promise<StoredVersion[]> {
  const text = `select ${columns} from ${joined}
    where v.project_id = $1 and v.scope = $2 and v.content_hash = $3 and v.expired_at is null and v.head order by v.id`
  return db.query<StoredVersion>(text, [projectId, scope, contentHash])
}

/** The last of a memory that was taken back, which a later claim has to stand against. */
export async function lastRetracted(db: Queryable, projectId: string, memoryId: string): Promise<StoredVersion | undefined> {
  const text = `select ${columns} from ${joined}
    where v.project_id = $1 and v.memory_id = $2 and v.ended_by = 'retract' order by v.expired_at desc, v.id desc limit 1`
  return (await db.query<StoredVersion>(text, [projectId, memoryId]))[0]
}

/** Live claims beside the head. */
export function claimsBeside(db: Queryable, projectId: string, memoryId: string): Promise<StoredVersion[]> {
  const text = `select ${columns} from ${joined}
    where v.project_id = $1 and v.memory_id = $2 and v.op = 'contradict' and v.expired_at is null order by v.id`
  return db.query<StoredVersion>(text, [projectId, memoryId])
}

/** What is written from several parents at once: it goes when one of them does, and is written anew from the others. */
const consolidated = "('summary', 'timeline', 'profile', 'reflection')"

/** What is needed of a version that falls: there may be thousands. */
export type FallenVersion = Pick<StoredVersion, "id" | "memoryId" | "scope" | "head">

/** What `perdure_is_supported` says, without a call for each of thousands. */
const supported = `exists (
  select from derivations d where d.project_id = v.project_id and d.child = v.id and case d.parent_kind
    when 'episode' then exists (
      select from episodes e join sources s on s.project_id = e.project_id and s.id = e.source_id
      where e.project_id = d.project_id and e.id = d.parent and e.expired_at is null and s.revoked_at is null)
    when 'version' then exists (
      select from memory_versions p where p.project_id = d.project_id and p.id = d.parent
        and (p.expired_at is null or p.ended_by in ('refine', 'supersede', 'expire')))
    else exists (select from chunks c where c.project_id = d.project_id and c.id = d.parent)
  end)`

/**
 * Of what was derived of those that are gone, the versions that cannot stay: nothing supports them any more, or they were written from one that is gone
 * among others. `withBodies`: also those that have ended so before, as long as they have their text.
 */
export async function fallenOf(db: Queryable, projectId: string, gone: readonly string[], withBodies: boolean): Promise<FallenVersion[]> {
  const text = `with gone as materialized (select distinct id from unnest($2::text[]) as u (id)),
    children as materialized (select distinct d.child from gone g join derivations d on d.project_id = $1 and d.parent = g.id)
    select v.id, v.memory_id as "memoryId", v.scope, v.head
    from children c join memory_versions v on v.project_id = $1 and v.id = c.child join memories m on m.project_id = $1 and m.id = v.memory_id
    where (v.ended_by is null or v.ended_by not in ('revoke', 'redact') or ($3 and v.body is not null))
      and (not ${supported} or (m.kind in ${consolidated} and exists (
        select from derivations d where d.project_id = v.project_id and d.child = v.id and d.parent in (select id from gone))))`
  return db.query<FallenVersion>(text, [projectId, gone, withBodies])
}

/** For each of those memories that has no head, what was believed last before, and still has evidence. */
export function predecessorsOf(db: Queryable, projectId: string, memoryIds: readonly string[]): Promise<StoredVersion[]> {
  const text = `select distinct on (v.memory_id) ${columns} from ${joined}
    where v.project_id = $1 and v.memory_id = any($2) and v.ended_by in ('refine', 'supersede') and v.op <> 'contradict'
      and m.kind not in ${consolidated} and perdure_is_supported(v.project_id, v.id)
      and not exists (select from memory_versions h where h.project_id = v.project_id and h.memory_id = v.memory_id and h.head)
      and not exists (select from memory_versions r where r.project_id = v.project_id and r.memory_id = v.memory_id and r.ended_by = 'retract'
        and r.expired_at > v.expired_at)
    order by v.memory_id, coalesce(v.valid_from, v.recorded_at) desc, v.id desc`
  return db.query<StoredVersion>(text, [projectId, memoryIds])
}

/** Versions whose place in the index is to be put right: live ones and those of the past get vectors, revoked ones leave. Oldest first. */
export function versionsToUpkeep(db: Queryable, projectId: string, scope: string, limit: number): Promise<StoredVersion[]> {
  const text = `select ${columns} from ${joined} where v.project_id = $1 and v.scope = $2 and v.upkept_at is null order by v.id limit $3`
  return db.query<StoredVersion>(text, [projectId, scope, limit])
}

/** Until the end of the transaction nobody else ends them; whoever reads them after this reads them as they stay. */
export async function lockVersions(tx: Queryable, projectId: string, ids: readonly string[]): Promise<void> {
  await tx.query(`select 1 from memory_versions where project_id = $1 and id = any($2) order by id for update`, [projectId, ids])
}

export async function markUpkept(tx: Queryable, projectId: string, ids: readonly string[], now: number): Promise<void> {
  await tx.query(`update memory_versions set upkept_at = to_timestamp($3::float8 / 1000) where project_id = $1 and id = any($2)`, [
    projectId,
    ids,
    now,
  ])
}

export interface VersionEnding {
  by: VersionEnd
  now: number
  /** Of who ends it. */
  integrity: number
  /** From when on its successor, or nothing, holds in the world. */
  replacedFrom?: number | null
}

/** Ends those that are live, or, to revoke and redact, any; a redacted one loses its body. Its vector is to be made anew, in the history. */
export async function endVersions(
  tx: Queryable,
  projectId: string,
  ids: readonly string[],
  { by, now, integrity, replacedFrom }: VersionEnding,
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update memory_versions set expired_at = coalesce(expired_at, to_timestamp($3::float8 / 1000)), ended_by = $4, ended_integrity = $6, head = false,
       replaced_from = coalesce(replaced_from, to_timestamp($5::float8 / 1000)), body = case when $4 = 'redact' then null else body end, upkept_at = null
     where project_id = $1 and id = any($2) and (expired_at is null or $4 in ('revoke', 'redact')) returning id`,
    [projectId, ids, now, by, replacedFrom ?? null, integrity],
  )
  return rows.map(({ id }) => id)
}
