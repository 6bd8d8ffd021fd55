// What has to be true of the memory of all scopes whatever happened to the processes that worked on it.
import type { Queryable } from "../../../packages/server/src/store/index.ts"

/** Each counts what must not be there. */
const checks: Readonly<Record<string, string>> = {
  "the same message twice": "select count(*) - count(distinct (source_id, content_hash)) as n from episodes where expired_at is null",
  "messages that nothing was read out of": "select count(*) as n from episodes where extracted_at is null and expired_at is null",
  "messages without a vector": `select count(*) as n from episodes e where e.expired_at is null
    and not exists (select from embeddings v where v.project_id = e.project_id and v.scope_id = 'memory:' || e.scope and v.document_id = e.id)`,
  "messages that words do not find": `select count(*) as n from episodes e where e.expired_at is null
    and not exists (select from index_entries i where i.project_id = e.project_id and i.scope_id = 'memory:' || e.scope and i.document_id = e.id)`,
  "messages of a source that was revoked": `select count(*) as n from episodes e join sources s on s.project_id = e.project_id and s.id = e.source_id
    where s.revoked_at is not null and e.expired_at is null`,
  "memories without a version": `select count(*) as n from memories m
    where not exists (select from memory_versions v where v.project_id = m.project_id and v.memory_id = m.id)`,
  "versions without evidence":
    "select count(*) as n from memory_versions v where v.expired_at is null and not perdure_is_supported(v.project_id, v.id)",
  "the same fact twice": `select count(*) - count(distinct (v.scope, v.content_hash)) as n from memory_versions v
    join memories m on m.project_id = v.project_id and m.id = v.memory_id where v.head and m.kind in ('fact', 'preference', 'event')`,
  // A page may just have been written when the last process ends; what counts as looked after has one.
  "heads without a vector": `select count(*) as n from memory_versions h where h.head and h.upkept_at is not null
    and not exists (select from embeddings v where v.project_id = h.project_id and v.scope_id = 'memory:' || h.scope and v.document_id = h.id)`,
  "heads that words do not find": `select count(*) as n from memory_versions h where h.head
    and not exists (select from index_entries i where i.project_id = h.project_id and i.scope_id = 'memory:' || h.scope and i.document_id = h.id)`,
  "entries of the index that are nothing": `select count(*) as n from index_entries i where i.scope_id like 'memory:%'
    and not exists (select from episodes e where e.id = i.document_id and e.expired_at is null)
    and not exists (select from memory_versions v where v.id = i.document_id and v.expired_at is null)`,
  "texts that were read twice": "select count(*) as n from memory_work where attempts > 1",
  // Retention takes the names along with the last text.
  "memories that nobody is named by": `select count(*) as n from memories m where m.kind in ('fact', 'preference', 'event')
    and exists (select from memory_versions v where v.project_id = m.project_id and v.memory_id = m.id and v.body is not null)
    and not exists (select from memory_mentions x where x.project_id = m.project_id and x.memory_id = m.id and x.is_subject)`,
  // The last process ends in the middle of a run where one was due just then: it has ended a session, and would summarise it next.
  "sessions that are not summarised": `select count(*) as n from memory_sessions s where s.ended_at is not null
    and (s.digested_at is null or s.digested_at < s.last_at) and not exists (
      select from runs r where r.project_id = s.project_id and r.kind = 'memory' and r.title = s.scope and r.status in ('queued', 'running'))`,
  "runs that ended badly": "select count(*) as n from runs where status not in ('completed', 'running', 'queued')",
  "erasures that did not end": "select count(*) as n from erasures where status <> 'completed'",
  "erasures that counted twice": `select count(*) as n from erasures where (receipt->'counts'->>'episodes')::int <> 1 or (receipt->'counts'->>'keys')::int < 1`,
  "keys of persons who were erased": "select count(*) as n from data_keys where subject like 'person-%' and destroyed_at is null",
}

export interface Expected {
  /** Messages that are there, of all scopes. */
  messages: number
  erasures: number
  /** What no row of any table may hold. */
  canaries: readonly string[]
}

export async function problemsOf(system: Queryable, { messages, erasures, canaries }: Expected): Promise<string[]> {
  const problems: string[] = []
  for (const [what, text] of Object.entries(checks)) {
    const [row] = await system.query<{ n: number }>(text)
    if (row?.n !== 0) problems.push(`${what}: ${row?.n}`)
  }
  const [kept] = await system.query<{ n: number }>("select count(*) as n from episodes where expired_at is null")
  if (kept?.n !== messages) problems.push(`${kept?.n} of ${messages} messages are there`)
  const [erased] = await system.query<{ n: number }>("select count(*) as n from erasures")
  if (erased?.n !== erasures) problems.push(`${erased?.n} erasures of ${erasures}`)
  return [...problems, ...(await tablesWith(system, canaries))]
}

async function tablesWith(system: Queryable, words: readonly string[]): Promise<string[]> {
  const tables = await system.query<{ name: string }>(
    "select format('%I', table_name) as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'",
  )
  const found: string[] = []
  for (const { name } of tables) {
    const text = `select 1 from ${name} t where t::text ~* $1 limit 1`
    if (words.length > 0 && (await system.query(text, [words.join("|")])).length > 0) found.push(`an erased word is in ${name}`)
  }
  return found
}
