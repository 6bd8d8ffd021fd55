// Texts in any table of a project, found by the catalog: a table that is added later is looked through as well. For erasures.
import type { Queryable } from "../port.ts"

export interface TextTable {
  name: string
  /** Its primary key, in order. */
  keys: readonly { name: string; type: string }[]
  /** What may be rewritten: texts and JSON that are not part of the key. */
  columns: readonly { name: string; type: string }[]
  /** Texts of the key: only looked at. */
  keyTexts: readonly string[]
}

export interface TracedRow {
  key: readonly string[]
  /** As text, by column. */
  values: ReadonlyMap<string, string>
  /** The run or conversation that the row belongs to. */
  runId: string | null
  conversationId: string | null
}

const textTypes = ["text", "json", "jsonb", "text[]", "character varying"]

/** Tables of projects with a primary key, in the order of their names. */
export async function textTables(db: Queryable): Promise<TextTable[]> {
  const rows = await db.query<{ table: string; column: string; type: string; place: number | null }>(
    `select c.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as type,
       array_position(i.indkey::int2[], a.attnum) as place
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_index i on i.indrelid = c.oid and i.indisprimary
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and n.nspname = current_schema() and c.relrowsecurity
       and exists (select from pg_attribute p where p.attrelid = c.oid and p.attname = 'project_id' and not p.attisdropped)
     order by c.relname, a.attnum`,
  )
  const tables = new Map<string, (typeof rows)[number][]>()
  for (const row of rows) tables.set(row.table, [...(tables.get(row.table) ?? []), row])
  return [...tables].flatMap(([name, columns]) => {
    const keys = columns.filter(({ place }) => place !== null).sort((a, b) => (a.place ?? 0) - (b.place ?? 0))
    const texts = columns.filter(({ type, column }) => textTypes.includes(type) && column !== "project_id")
    if (keys.length === 0 || texts.length === 0) return []
    return {
      name,
      keys: keys.map(({ column, type }) => ({ name: column, type })),
      columns: texts.filter(({ place }) => place === null).map(({ column, type }) => ({ name: column, type })),
      keyTexts: texts.filter(({ place }) => place !== null).map(({ column }) => column),
    }
  })
}

const linkColumns: Record<string, { run: string; conversation: string }> = {
  runs: { run: "id", conversation: "conversation_id" },
  conversation_items: { run: "run_id", conversation: "conversation_id" },
  run_events: { run: "run_id", conversation: "null" },
  blobs: { run: "run_id", conversation: "null" },
  signals: { run: "run_id", conversation: "null" },
  feedback: { run: "run_id", conversation: "null" },
  conversations: { run: "null", conversation: "id" },
}

/** Rows after a key, in the order of the key. */
export async function readRows(
  db: Queryable,
  projectId: string,
  table: TextTable,
  after: readonly string[] | undefined,
  limit: number,
): Promise<TracedRow[]> {
  const keys = table.keys.map(({ name }) => quoted(name))
  const seen = table.keys.map(({ type }, index) => `$${index + 2}::text::${type}`)
  const names = [...table.columns.map(({ name }) => name), ...table.keyTexts]
  const { run = "null", conversation = "null" } = linkColumns[table.name] ?? {}
  const selected = [
    ...keys.map((key, index) => `${key}::text as k${index}`),
    ...names.map((name, index) => `${quoted(name)}::text as v${index}`),
    `${run}::text as run`,
    `${conversation}::text as conversation`,
  ]
  const rows = await db.query<Record<string, string | null>>(
    `select ${selected.join(", ")} from ${quoted(table.name)} where project_id = $1
     ${after === undefined ? "" : `and (${keys.join(", ")}) > (${seen.join(", ")})`} order by ${keys.join(", ")} limit ${Math.trunc(limit)}`,
    [projectId, ...(after ?? [])],
  )
  return rows.map((row) => ({
    key: keys.map((_, index) => row[`k${index}`] ?? ""),
    values: new Map(
      names.flatMap((name, index) => {
        const value = row[`v${index}`]
        return value === null || value === undefined ? [] : [[name, value] as const]
      }),
    ),
    runId: row["run"] ?? null,
    conversationId: row["conversation"] ?? null,
  }))
}

export async function updateRow(
  db: Queryable,
  projectId: string,
  table: TextTable,
  key: readonly string[],
  values: ReadonlyMap<string, string>,
): Promise<void> {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]))
  const names = [...values.keys()]
  const sets = names.map((name, index) => `${quoted(name)} = $${index + 2}::text::${types.get(name) ?? "text"}`)
  const where = table.keys.map(({ name, type }, index) => `${quoted(name)} = $${index + 2 + names.length}::text::${type}`)
  await db.query(`update ${quoted(table.name)} set ${sets.join(", ")} where project_id = $1 and ${where.join(" and ")}`, [
    projectId,
    ...values.values(),
    ...key,
  ])
}

export interface StreamedText {
  runId: string
  type: string
  place: string
  text: string
  seqs: number[]
  deltas: string[]
}

/** Texts that events carry in pieces, put together: of runs after one of them. */
export async function streamedTexts(db: Queryable, projectId: string, after: string, runs: number): Promise<StreamedText[]> {
  return db.query<StreamedText>(
    `with page as (select id from runs where project_id = $1 and id > $2 order by id limit $3)
     select e.run_id as "runId", e.type, concat_ws(' ', e.data->>'item_id', e.data->>'output_index', e.data->>'content_index') as place,
       string_agg(e.data->>'delta', '' order by e.seq) as text, array_agg(e.seq order by e.seq) as seqs,
       array_agg(e.data->>'delta' order by e.seq) as deltas
     from run_events e where e.project_id = $1 and e.run_id in (select id from page) and json_typeof(e.data->'delta') = 'string'
     group by 1, 2, 3 order by 1`,
    [projectId, after, runs],
  )
}

export async function lastRunOfPage(db: Queryable, projectId: string, after: string, runs: number): Promise<string | undefined> {
  const rows = await db.query<{ id: string | null }>(
    `select max(id) as id from (select id from runs where project_id = $1 and id > $2 order by id limit $3) page`,
    [projectId, after, runs],
  )
  return rows[0]?.id ?? undefined
}

export async function updateDelta(db: Queryable, projectId: string, runId: string, seq: number, delta: string): Promise<void> {
  await db.query(
    `update run_events set data = (data::jsonb || jsonb_build_object('delta', $4::text))::json where project_id = $1 and run_id = $2 and seq = $3`,
    [projectId, runId, seq, delta],
  )
}

/** A block or state version, or its current row: sealed text by place. */
export interface SealedRow {
  scope: string
  name: string
  version: number
  keyId: string
  body: Uint8Array
}

export type SealedTable = "blocks" | "block_versions" | "states" | "state_versions"

const nameColumn = (table: SealedTable): string => (table.startsWith("block") ? "path" : "key")

export function sealedRows(
  db: Queryable,
  projectId: string,
  table: SealedTable,
  after: { scope: string; name: string; version: number } | undefined,
  limit: number,
): Promise<SealedRow[]> {
  const name = nameColumn(table)
  return db.query<SealedRow>(
    `select scope, ${name} as name, version, key_id as "keyId", body from ${table} where project_id = $1 and body is not null and key_id is not null
       and (scope, ${name}, version) > ($2, $3, $4) order by scope, ${name}, version limit $5`,
    [projectId, after?.scope ?? "", after?.name ?? "", after?.version ?? -1, limit],
  )
}

export async function updateSealed(db: Queryable, projectId: string, table: SealedTable, row: SealedRow): Promise<void> {
  const size = table === "blocks" ? ", size_bytes = octet_length($6::bytea)" : ""
  await db.query(
    `update ${table} set key_id = $5, body = $6::bytea${size} where project_id = $1 and scope = $2 and ${nameColumn(table)} = $3 and version = $4`,
    [projectId, row.scope, row.name, row.version, row.keyId, row.body],
  )
}

export interface BytesRow {
  /** Of the file. */
  id: string
  part: number
  content: Uint8Array
}

export function fileParts(db: Queryable, projectId: string, after: { id: string; part: number }, limit: number): Promise<BytesRow[]> {
  return db.query<BytesRow>(
    `select file_id as id, part, content from file_parts where project_id = $1 and (file_id, part) > ($2, $3) order by 1, 2 limit $4`,
    [projectId, after.id, after.part, limit],
  )
}

/** All of them: a streamed answer lies there in pieces, and any can be made again. */
export async function deleteCachedAnswers(db: Queryable, projectId: string): Promise<number> {
  return (await db.query(`delete from cached_answers where project_id = $1 returning 1`, [projectId])).length
}

export async function countCachedAnswers(db: Queryable, projectId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(`select count(*)::int as count from cached_answers where project_id = $1`, [projectId])
  return row?.count ?? 0
}

/** The file of a chunk. */
export async function fileOfChunk(
  db: Queryable,
  projectId: string,
  vectorStoreId: string,
  documentId: string,
): Promise<string | undefined> {
  const rows = await db.query<{ id: string }>(
    `select file_id as id from vector_store_segments where project_id = $1 and vector_store_id = $2 and document_id = $3`,
    [projectId, vectorStoreId, documentId],
  )
  return rows[0]?.id
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
