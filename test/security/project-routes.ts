// What a key of another project is told on each route of the contract: one row a route at least, so that a route without a row is found.
import { apiRoutes } from "../../packages/contract/src/routes.ts"

/**
 * `lists`: 200, and nothing that the project owns is in it. `hides`: not found. `refuses`: an error of the caller. `own`: a name that every project
 * may give to something of its own, or an answer that depends on what is configured: whatever comes, it tells nothing, and what the project
 * owns stays as it is.
 */
export type Answer = "lists" | "hides" | "refuses" | "own"

export interface RouteRow {
  answer: Answer
  method: string
  /** `{file}` stands for the id or name of what the project owns. */
  path: string
  body?: object | undefined
  headers?: Record<string, string> | undefined
  isStream?: boolean
}

type Ask = [method: string, path: string, body?: object | undefined, headers?: Record<string, string>]

const rows = (answer: Answer, asked: readonly Ask[]): RouteRow[] =>
  asked.map(([method, path, body, headers]) => ({
    answer,
    method,
    path,
    body,
    headers,
    isStream: path.endsWith("stream") && answer === "lists",
  }))

const question = "What is the word?"
const responded = { model: "perdure/extractive", input: question }
const mcp = { accept: "application/json, text/event-stream" }
const tool = (name: string, args: object): object => ({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } })

/** Asked before it has named anything: its own failed requests are its runs, and they carry the names that it sent. */
const lists = rows("lists", [
  ["GET", "/v1/runs"],
  ["GET", "/v1/runs?search={word}"],
  ["GET", "/v1/runs/stream"],
  ["GET", "/v1/usage"],
  ["GET", "/v1/limits"],
  ["GET", "/v1/alerts"],
  ["GET", "/v1/keys"],
  ["GET", "/v1/keys?search={key}"],
  ["GET", "/key/list"],
  ["GET", "/user/info?user_id=ours"],
  ["GET", "/customer/info?end_user_id=ours"],
  ["GET", "/customer/list"],
  ["GET", "/team/info?team_id=ours"],
  ["GET", "/spend/logs"],
  ["GET", "/spend/logs?start_date=2020-01-01"],
  ["GET", "/spend/logs?request_id={run}"],
  ["GET", "/spend/logs?api_key={key}&summarize=false"],
  ["GET", "/spend/tags"],
  ["GET", "/global/spend/report?start_date=2020-01-01&end_date=2100-01-01&group_by=api_key"],
  ["GET", "/key/list?key_hash={key}&return_full_object=true"],
  ["GET", "/v1/files"],
  ["GET", "/v1/vector_stores"],
  ["GET", "/v1/batches"],
  ["GET", "/v1/messages/batches"],
  ["GET", "/v1/prompts"],
  ["GET", "/v1/experiments"],
  ["GET", "/v1/feedback"],
  ["GET", "/v1/feedback/sums"],
  ["GET", "/v1/erasures"],
  ["GET", "/v1/scopes"],
  ["GET", "/v1/memories"],
  ["GET", "/v1/memories?scope={scope}"],
  ["GET", "/v1/memories/reviews?scope={scope}"],
  ["GET", "/v1/memories/upkeep?scope={scope}"],
  ["POST", "/v1/memories/search", { query: question }],
  ["POST", "/v1/memories/search", { query: "harbour master", scope: "{scope}", directives: "include", explain: true }],
  ["GET", "/v1/sources?scope={scope}"],
  ["GET", "/v1/changes?scope={scope}"],
  ["GET", "/v1/blocks/{scope}"],
  ["GET", "/v1/states/{scope}"],
  ["POST", "/mcp", tool("recall", { query: question, scopes: ["{scope}"] }), mcp],
])

const documents = rows("hides", [
  ["GET", "/v1/files/{file}"],
  ["GET", "/v1/files/{file}/content"],
  ["DELETE", "/v1/files/{file}"],
  ["POST", "/v1/uploads/{upload}/complete", { part_ids: ["{part}"] }],
  ["POST", "/v1/uploads/{upload}/cancel"],
  ["GET", "/v1/vector_stores/{store}"],
  ["POST", "/v1/vector_stores/{store}", { name: "taken over" }],
  ["DELETE", "/v1/vector_stores/{store}"],
  ["GET", "/v1/vector_stores/{store}/files"],
  ["POST", "/v1/vector_stores/{store}/files", { file_id: "{file}" }],
  ["GET", "/v1/vector_stores/{store}/files/{file}"],
  ["POST", "/v1/vector_stores/{store}/files/{file}", { attributes: { taken: true } }],
  ["GET", "/v1/vector_stores/{store}/files/{file}/content"],
  ["DELETE", "/v1/vector_stores/{store}/files/{file}"],
  ["POST", "/v1/vector_stores/{store}/search", { query: question }],
  ["POST", "/v1/vector_stores/{store}/file_batches", { file_ids: ["{file}"] }],
  ["GET", "/v1/vector_stores/{store}/file_batches/{fileBatch}"],
  ["POST", "/v1/vector_stores/{store}/file_batches/{fileBatch}/cancel"],
  ["GET", "/v1/vector_stores/{store}/file_batches/{fileBatch}/files"],
  ["GET", "/v1/batches/{batch}"],
  ["POST", "/v1/batches/{batch}/cancel"],
  ["GET", "/v1/messages/batches/{messageBatch}"],
  ["GET", "/v1/messages/batches/{messageBatch}/results"],
  ["POST", "/v1/messages/batches/{messageBatch}/cancel"],
  ["DELETE", "/v1/messages/batches/{messageBatch}"],
])

const runs = rows("hides", [
  ["GET", "/v1/responses/{response}"],
  ["GET", "/v1/responses/{response}?stream=true"],
  ["GET", "/v1/responses/{response}/input_items"],
  ["GET", "/v1/responses/{response}/tool_results/toolres_1"],
  ["POST", "/v1/responses/{response}/cancel"],
  ["DELETE", "/v1/responses/{response}"],
  ["GET", "/v1/conversations/{conversation}"],
  ["POST", "/v1/conversations/{conversation}", { metadata: { taken: "over" } }],
  ["GET", "/v1/conversations/{conversation}/items"],
  ["POST", "/v1/conversations/{conversation}/items", { items: [{ type: "message", role: "user", content: "mine" }] }],
  ["GET", "/v1/conversations/{conversation}/items/{item}"],
  ["DELETE", "/v1/conversations/{conversation}/items/{item}"],
  ["DELETE", "/v1/conversations/{conversation}"],
  ["GET", "/v1/runs/{run}"],
  ["GET", "/v1/runs/{run}/events"],
  ["GET", "/v1/runs/{run}/spans"],
  ["GET", "/v1/feedback?runId={run}"],
  ["GET", "/v1/runs/{run}/stream"],
  ["POST", "/v1/runs/{run}/cancel", {}],
  ["POST", "/v1/runs/{run}/signals/go", { payload: 1 }],
  ["POST", "/v1/runs/{run}/resolve", { decision: "again" }],
  ["GET", "/v1/keys/{key}"],
  ["PATCH", "/v1/keys/{key}", { name: "taken over" }],
  ["POST", "/v1/keys/{key}/rotate", { overlapMs: 0 }],
  ["DELETE", "/v1/keys/{key}"],
  ["GET", "/key/info?key={key}"],
  ["POST", "/v2/key/info", { keys: ["{key}"] }],
  ["POST", "/user/update", { user_id: "ours", user_email: "theirs@example.com" }],
  ["POST", "/key/update", { key: "{key}", key_alias: "taken over" }],
  ["POST", "/key/block", { key: "{key}" }],
  ["POST", "/key/unblock", { key: "{key}" }],
  ["POST", "/key/regenerate", { key: "{key}" }],
  ["POST", "/key/{key}/regenerate"],
  ["POST", "/key/delete", { keys: ["{key}"] }],
  ["GET", "/v1/prompts/{prompt}"],
  ["GET", "/v1/prompts/{prompt}/versions/1"],
  ["POST", "/v1/prompts/{prompt}/labels", { label: "production", version: 1 }],
  ["DELETE", "/v1/prompts/{prompt}"],
  ["GET", "/v1/experiments/{experiment}"],
  ["PATCH", "/v1/experiments/{experiment}", { status: "paused" }],
  ["POST", "/v1/experiments/{experiment}/promote", { variant: "b" }],
  ["DELETE", "/v1/experiments/{experiment}"],
])

const memory = rows("hides", [
  ["GET", "/v1/memories/{memory}"],
  ["GET", "/v1/memories/{memory}/versions"],
  ["GET", "/v1/memories/{memory}/explain"],
  ["POST", "/v1/memories/{memory}/confirm"],
  ["POST", "/v1/memories/{memory}/retract", {}],
  ["POST", "/v1/memories/{memory}/correct", { text: "taken over" }],
  ["POST", "/v1/memories/{memory}/redact"],
  ["DELETE", "/v1/memories/{memory}"],
  ["PUT", "/v1/memories/{memory}/pin"],
  ["DELETE", "/v1/memories/{memory}/pin"],
  ["GET", "/v1/sources/{source}/blast_radius"],
  ["POST", "/v1/sources/{source}/revoke", {}],
  ["GET", "/v1/scopes/{scope}"],
  ["GET", "/v1/erasures/{erasure}"],
  ["GET", "/v1/blocks/{scope}/{block}"],
  ["GET", "/v1/states/{scope}/{state}"],
])

const refuses = rows("refuses", [
  ["GET", "/passed/files/{file}"],
  ["POST", "/v1/responses", { ...responded, previous_response_id: "{response}" }],
  ["POST", "/v1/responses", { ...responded, conversation: "{conversation}" }],
  ["POST", "/v1/responses/compact", { ...responded, previous_response_id: "{response}" }],
  ["POST", "/v1/batches", { input_file_id: "{file}", endpoint: "/v1/responses", completion_window: "24h" }],
  ["POST", "/v1/completions", { model: "perdure/extractive", prompt: question, perdure: { prompt: { name: "{prompt}" } } }],
])

const own = rows("own", [
  ["POST", "/v1/responses", { ...responded, tools: [{ type: "file_search", vector_store_ids: ["{store}"] }] }],
  ["POST", "/v1/responses", { ...responded, prompt: { id: "{prompt}" } }],
  ["POST", "/v1/responses", { ...responded, perdure: { memory: { scope: "{scope}" } } }],
  ["POST", "/v1/responses/input_tokens", { ...responded, previous_response_id: "{response}" }],
  [
    "POST",
    "/v1/chat/completions",
    { model: "perdure/extractive", messages: [{ role: "user", content: question }], prompt: { id: "{prompt}" } },
  ],
  [
    "POST",
    "/v1/messages/batches",
    { requests: [{ custom_id: "a", params: { model: "perdure/extractive", max_tokens: 9, messages: [] } }] },
  ],
  ["POST", "/v1/vector_stores", { name: "mine", file_ids: ["{file}"] }],
  ["POST", "/v1/prompts", { name: "{prompt}", messages: [{ role: "user", content: "mine" }] }],
  [
    "POST",
    "/v1/experiments",
    { name: "{experiment}", variants: { a: { model: "perdure/extractive" }, b: { model: "perdure/extractive" } } },
  ],
  ["POST", "/v1/feedback", { runId: "{run}", name: "helpful", value: false }],
  ["POST", "/v1/runs", { name: "{word}" }],
  ["POST", "/v1/memories", { scope: "{scope}", text: "This harbour is another one.", recalledFrom: ["{memory}"] }],
  ["PATCH", "/v1/scopes/{scope}", { retentionDays: 1, levelMin: 3 }],
  ["POST", "/v1/changes/cursors", { scope: "{scope}", reader: "their-reader", seq: 1 }],
  ["POST", "/v1/erasures", { scope: "{scope}", dryRun: true }],
  ["POST", "/v1/erasures", { source: "{source}", dryRun: true }],
  ["POST", "/mcp", tool("forget", { id: "{memory}" }), mcp],
  ["POST", "/mcp", tool("explain", { id: "{memory}" }), mcp],
  ["POST", "/v1/blocks/{scope}", { command: "view", path: "/memories/{block}" }],
  ["GET", "/v1/blocks/{scope}/{block}/versions"],
  ["POST", "/v1/blocks/{scope}/{block}/confirm", undefined, { "if-match": '"1"' }],
  ["DELETE", "/v1/blocks/{scope}/{block}"],
  ["PUT", "/v1/blocks/{scope}/{block}", { text: "Theirs." }],
  ["GET", "/v1/states/{scope}/{state}/versions"],
  ["DELETE", "/v1/states/{scope}/{state}"],
  ["PUT", "/v1/states/{scope}/{state}", { value: "theirs" }],
])

export const routeRows: readonly RouteRow[] = [...lists, ...documents, ...runs, ...memory, ...refuses, ...own]

/** Routes that take no name of anything that a project owns, and list nothing of one: they make something, answer what they are sent, or tell what is configured. */
const namesNothing = new Set([
  "POST /v1/files",
  "POST /v1/uploads",
  "POST /v1/uploads/{}/parts", // a form: see the test of uploads
  "POST /v1/conversations",
  "POST /v1/keys",
  "POST /key/generate",
  "POST /user/new",
  "POST /customer/new",
  "POST /team/new",
  "GET /mcp",
  "DELETE /mcp",
  "GET /v1/deployments",
  "GET /model/info",
  "GET /v1/model/info",
  "GET /v1/models",
  "GET /v1/models/{}",
  "POST /v1/embeddings",
  "POST /v1/messages",
  "POST /v1/messages/count_tokens",
  "POST /v1/images/generations",
  "POST /v1/images/edits",
  "POST /v1/images/variations",
  "POST /v1/audio/speech",
  "POST /v1/audio/transcriptions",
  "POST /v1/audio/translations",
  "POST /v1/moderations",
  "POST /v1/rerank",
  "POST /v1/realtime/client_secrets",
  "POST /v1/realtime/calls",
])

const shapeOf = (method: string, path: string): string => `${method} ${path.replace(/\?.*/, "").replaceAll(/\{\w+\}/g, "{}")}`

/** Routes of the contract that no row asks, and names above that are no routes any more. */
export function unaskedRoutes(): { unasked: string[]; unknown: string[] } {
  const routes = apiRoutes.filter(({ auth }) => auth === "key")
  const shapes = new Map(routes.map(({ method, path }) => [shapeOf(method, path), path]))
  const literal = new Set(routes.map(({ path }) => path))
  const asked = (method: string, path: string): boolean =>
    routeRows.some((row) => {
      const named = row.path.replace(/\?.*/, "")
      return row.method === method && (literal.has(named) ? named === path : patternOf(path).test(named))
    })
  return {
    unasked: routes
      .filter(({ method, path }) => !namesNothing.has(shapeOf(method, path)) && !asked(method, path))
      .map(({ method, path }) => `${method} ${path}`),
    unknown: [...namesNothing].filter((shape) => !shapes.has(shape)),
  }
}

/** Of the paths in rows that ask the route: something of its own, or a literal, in each place. */
function patternOf(path: string): RegExp {
  const literal = path.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${literal.join("[^/]+")}$`)
}
