// What has to be true of a scope's memory whatever happened to the processes that worked on it.
import type { Queryable } from "../../../packages/server/src/store/index.ts"

/** Each counts what must not be there. */
const checks: Readonly<Record<string, string>> = {
  "the same message twice": "select count(*) - count(distinct (source_id, content_hash)) as n from episodes where expired_at is null",
  "messages that nothing was read out of": "select count(*) as n from episodes where extracted_at is null",
  "messages without a vector": `select count(*) as n from episodes e where e.expired_at is null
    and not exists (select from embeddings v where v.project_id = e.project_id and v.scope_id = 'memory:' || e.scope and v.document_id = e.id)`,
  "messages that words do not find": `select count(*) as n from episodes e where e.expired_at is null
    and not exists (select from index_entries i where i.project_id = e.project_id and i.scope_id = 'memory:' || e.scope and i.document_id = e.id)`,
  "memories without a version": `select count(*) as n from memories m
    where not exists (select from memory_versions v where v.project_id = m.project_id and v.memory_id = m.id)`,
  "versions without evidence":
    "select count(*) as n from memory_versions v where v.expired_at is null and not perdure_is_supported(v.project_id, v.id)",
  "the same fact twice": `select count(*) - count(distinct v.content_hash) as n from memory_versions v
    join memories m on m.project_id = v.project_id and m.id = v.memory_id where v.head and m.kind in ('fact', 'preference', 'event')`,
  "heads without a vector": `select count(*) as n from memory_versions h where h.head
    and not exists (select from embeddings v where v.project_id = h.project_id and v.scope_id = 'memory:' || h.scope and v.document_id = h.id)`,
  "heads that words do not find": `select count(*) as n from memory_versions h where h.head
    and not exists (select from index_entries i where i.project_id = h.project_id and i.scope_id = 'memory:' || h.scope and i.document_id = h.id)`,
  "entries of the index that are nothing": `select count(*) as n from index_entries i where i.scope_id like 'memory:%'
    and not exists (select from episodes e where e.id = i.document_id and e.expired_at is null)
    and not exists (select from memory_versions v where v.id = i.document_id and v.expired_at is null)`,
  "texts that were read twice": "select count(*) as n from memory_work where attempts > 1",
  "memories that nobody is named by": `select count(*) as n from memories m where m.kind in ('fact', 'preference', 'event')
    and not exists (select from memory_mentions x where x.project_id = m.project_id and x.memory_id = m.id and x.is_subject)`,
}

export async function problemsOf(system: Queryable, messages: number): Promise<string[]> {
  const problems: string[] = []
  for (const [what, text] of Object.entries(checks)) {
    const [row] = await system.query<{ n: number }>(text)
    if (row?.n !== 0) problems.push(`${what}: ${row?.n}`)
  }
  const [kept] = await system.query<{ n: number }>("select count(*) as n from episodes where expired_at is null")
  if (kept?.n !== messages) problems.push(`${kept?.n} of ${messages} messages are there`)
  return problems
}
