// Rows of light runs: written in batches by one statement, read as a list.
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable, SqlValue } from "../port.ts"
import { addArms } from "./experiment-arms.ts"
import { saidConditions, type MetadataPair } from "./said.ts"

export interface StoredLightRun {
  id: string
  projectId: string
  principal: string
  user: string | null
  kind: string
  name: string
  model: string | null
  deployment: string | null
  outcome: string
  status: number
  errorCode: string | null
  errorMessage: string | null
  startedAt: number
  durationMs: number
  firstTokenMs: number | null
  streamed: boolean
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  costMicroUsd: number
  costKnown: boolean
  /** Version of the price list that the cost is by. */
  priceList: string | null
  requestBytes: number
  responseBytes: number
  label: JsonValue
  data: JsonValue
  tags: JsonValue
  /** What its request said of itself. */
  metadata: JsonValue
}

/** Column and array type of each field; `startedAt` and JSON are converted in the statement. */
const columns = [
  ["projectId", "project_id", "text"],
  ["id", "id", "text"],
  ["principal", "principal", "text"],
  ["user", "end_user", "text"],
  ["kind", "kind", "text"],
  ["name", "name", "text"],
  ["model", "model", "text"],
  ["deployment", "deployment", "text"],
  ["outcome", "outcome", "text"],
  ["status", "status", "int4"],
  ["errorCode", "error_code", "text"],
  ["errorMessage", "error_message", "text"],
  ["startedAt", "started_at", "float8"],
  ["durationMs", "duration_ms", "int4"],
  ["firstTokenMs", "first_token_ms", "int4"],
  ["streamed", "streamed", "bool"],
  ["inputTokens", "input_tokens", "int8"],
  ["outputTokens", "output_tokens", "int8"],
  ["cachedTokens", "cached_tokens", "int8"],
  ["reasoningTokens", "reasoning_tokens", "int8"],
  ["costMicroUsd", "cost_micro_usd", "int8"],
  ["costKnown", "cost_known", "bool"],
  ["priceList", "price_list", "text"],
  ["requestBytes", "request_bytes", "int8"],
  ["responseBytes", "response_bytes", "int8"],
  ["label", "label", "text"],
  ["data", "data", "text"],
  ["tags", "tags", "text"],
  ["metadata", "metadata", "text"],
] as const satisfies readonly (readonly [keyof StoredLightRun, string, string])[]

/** Bound as JSON text. */
const jsonFields = ["label", "data", "tags", "metadata"] as const satisfies readonly (keyof StoredLightRun)[]
type JsonField = (typeof jsonFields)[number]

function isJsonField(field: keyof StoredLightRun): field is JsonField {
  return (jsonFields as readonly string[]).includes(field)
}

/** What the runs of a batch often have in common: who asked for what, how it ended, what was not used. */
const groups = [
  ["projectId", "principal", "user", "kind", "name", "model", "deployment", "streamed", "priceList"],
  ["outcome", "status", "errorCode", "errorMessage", "costKnown", "label", "data"],
  ["cachedTokens", "reasoningTokens"],
  ["tags", "metadata"],
] as const satisfies readonly (readonly (keyof StoredLightRun)[])[]

const names = columns.map(([, column]) => column).join(", ")

/** A column that is one value is bound as one: reading it from an array costs the engine as much for each row as writing it. */
function insertText(shared: ReadonlySet<string>, mayBeThere: boolean): string {
  const arrays = columns.flatMap(([field, column, type], at) => (shared.has(field) ? [] : [{ column, text: `$${at + 1}::${type}[]` }]))
  const selected = columns.map(([field, column, type], at) => {
    const isJson = isJsonField(field)
    if (shared.has(field)) return `$${at + 1}::${isJson ? "jsonb" : type}`
    return field === "startedAt" ? "to_timestamp(started_at / 1000)" : isJson ? `${column}::jsonb` : column
  })
  const rows = `unnest(${arrays.map(({ text }) => text).join(", ")}) as rows (${arrays.map(({ column }) => column).join(", ")})`
  return `insert into light_runs (${names}) select ${selected.join(", ")} from ${rows}${mayBeThere ? " on conflict do nothing" : ""}`
}

/** The same, and the runs that took part in experiments are added to the sums of their variants: each once, however often it is sent. */
function countedText(insert: string): string {
  return `with inserted as (${insert} returning project_id, outcome, cost_micro_usd, cost_known, duration_ms, output_tokens, data),
  added as (
    select project_id, data -> 'experiment' ->> 'name' as name, data -> 'experiment' ->> 'variant' as variant,
      data -> 'experiment' ->> 'content' as content, count(*) as requests, count(*) filter (where outcome = 'completed') as completed,
      count(*) filter (where outcome = 'failed') as failed, sum(cost_micro_usd)::float8 as cost_micro_usd,
      count(*) filter (where not cost_known) as cost_unknown,
      coalesce(sum(duration_ms) filter (where outcome = 'completed'), 0)::float8 as latency_ms, sum(output_tokens)::float8 as output_tokens
    from inserted where jsonb_typeof(data -> 'experiment') = 'object' group by 1, 2, 3, 4)
  ${addArms}`
}

/** A few dozen at most, each planned once. */
const texts = new Map<string, string>()

function textOf(shared: ReadonlySet<string>, kind: { mayBeThere: boolean; isCounted: boolean }): string {
  const key = `${kind.mayBeThere} ${kind.isCounted} ${[...shared].join(" ")}`
  const known = texts.get(key)
  if (known !== undefined) return known
  const insert = insertText(shared, kind.mayBeThere)
  const text = kind.isCounted ? countedText(insert) : insert
  texts.set(key, text)
  return text
}

/**
 * One statement for any number of rows, at least one. `mayBeThere`: some may be stored already, and stay as they are; otherwise that is an
 * error, and looking for it costs nothing.
 */
export async function insertLightRuns(db: Queryable, runs: readonly StoredLightRun[], mayBeThere: boolean): Promise<void> {
  const [first] = runs
  if (!first) return
  const shared = new Set<string>(groups.filter((fields) => haveInCommon(runs, first, fields)).flat())
  const values = columns.map(([field]): SqlValue => {
    if (isJsonField(field)) {
      const text = ({ [field]: json }: StoredLightRun): string | null => (json === null ? null : jsonText(json))
      return shared.has(field) ? text(first) : runs.map(text)
    }
    return shared.has(field) ? first[field] : runs.map((run) => run[field])
  })
  const isCounted = runs.some(({ data }) => isJsonObject(data) && isJsonObject(data["experiment"]))
  await db.query(textOf(shared, { mayBeThere, isCounted }), values)
}

function haveInCommon(runs: readonly StoredLightRun[], first: StoredLightRun, fields: readonly (keyof StoredLightRun)[]): boolean {
  return runs.every((run) => fields.every((field) => run[field] === first[field]))
}

const readColumns = columns.map(([field, column]) => `${column} as "${field}"`).join(", ")

export interface LightRunFilter {
  kind?: string
  outcome?: string
  /** Words in the model, name, deployment or id. */
  search?: string
  /** The prompt, the experiment that it used. */
  prompt?: string
  experiment?: string
  /** The end user that they were made for. */
  user?: string
  tag?: string
  said?: MetadataPair
  /** Light runs older than this id. */
  before?: string
  limit: number
}

/** Newest first. */
export function lightRuns(db: Queryable, projectId: string, filter: LightRunFilter): Promise<StoredLightRun[]> {
  const values: SqlValue[] = [
    projectId,
    filter.kind ?? null,
    filter.outcome ?? null,
    filter.search ?? null,
    filter.before ?? null,
    filter.prompt ?? null,
    filter.experiment ?? null,
    filter.limit,
    filter.user ?? null,
  ]
  const saying = saidConditions(filter.tag, filter.said, (value) => `$${values.push(value)}`)
  const text = `select ${readColumns} from light_runs
    where project_id = $1 and ($2::text is null or kind = $2) and ($3::text is null or outcome = $3)
      and ($4::text is null or concat_ws(' ', id, name, principal, model, deployment, error_code) ilike '%' || $4 || '%')
      and ($5::text is null or id < $5)
      ${filter.prompt === undefined ? "and $6::text is null" : "and data ? 'prompt' and data -> 'prompt' ->> 'id' = $6"}
      ${filter.experiment === undefined ? "and $7::text is null" : "and data ? 'experiment' and data -> 'experiment' ->> 'name' = $7"}
      ${filter.user === undefined ? "and $9::text is null" : "and end_user = $9"}
      ${saying.light}
    order by id desc limit $8`
  return db.query<StoredLightRun>(text, values)
}

export async function lightRun(db: Queryable, projectId: string, id: string): Promise<StoredLightRun | undefined> {
  const rows = await db.query<StoredLightRun>(`select ${readColumns} from light_runs where project_id = $1 and id = $2`, [projectId, id])
  return rows[0]
}
