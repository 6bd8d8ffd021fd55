// The routes of runs: start a workflow, list, read, follow (one run or the whole list), cancel, signal, and a person's decision on a run in doubt.
import {
  runCancelRequestSchema,
  runEventsQuerySchema,
  runListQuerySchema,
  runResolveRequestSchema,
  runSignalRequestSchema,
  runStartRequestSchema,
  runStreamQuerySchema,
} from "@perdure/contract"
import { Hono, type Context } from "hono"
import { AppError, canonicalJson, sseEvent, type Clock, type JsonValue } from "../../core/index.ts"
import { keyedRunIds, type DoubtResolution, type Run, type RunEvent, type RunFilter, type Runs } from "../../runs/index.ts"
import { userLabel } from "../../security/index.ts"
import { spansOf } from "../../telemetry/index.ts"
import type { HttpEnv } from "../env.ts"
import { checked, readJsonObject, readQuery } from "../request-body.ts"
import { openSse } from "../sse-writer.ts"
import { answer } from "./answer.ts"
import { pairIn } from "./metadata-filter.ts"
import { createRunFeed, type RunFeed } from "./run-feed.ts"
import type { LightRuns } from "./light-runs.ts"
import { shownTo } from "./operators-part.ts"
import { createRunLog, endedStatuses, ownId, type RunLog } from "./run-log.ts"

export interface RunRoutesOptions {
  runs: Runs
  /** Names of the workflows that can be started. */
  workflows: readonly string[]
  clock: Clock
  lightRuns: LightRuns
  limits: { keepAliveMs: number; feedWindowMs: number; feedPollMs: number; feedRowsMax: number; traceEventsMax: number }
  onError: (error: unknown) => void
}

interface Parts extends RunRoutesOptions {
  log: RunLog
  feed: RunFeed
}

type At = Context<HttpEnv>

export function createRunRoutes(options: RunRoutesOptions): Hono<HttpEnv> {
  const log = createRunLog(options.runs, options.lightRuns)
  const parts = { ...options, log, feed: createRunFeed({ ...options, log }) }
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/runs", async (context) => {
    const { metadata, ...query } = readQuery(context, runListQuerySchema)
    const said = pairIn(metadata)
    const { projectId, user } = context.get("principal")
    return answer(await log.list(projectId, { ...present(query), ...(user !== null && { user }), ...(said && { said }) }))
  })
  routes.post("/v1/runs", (context) => start(parts, context))
  routes.get("/v1/runs/stream", (context) => streamList(parts, context))
  routes.get("/v1/runs/:id", async (context) => answer(await withManifest(parts, await runOf(parts, context))))
  routes.get("/v1/runs/:id/events", (context) => listEvents(parts, context))
  routes.get("/v1/runs/:id/spans", (context) => spans(parts, context))
  routes.get("/v1/runs/:id/stream", (context) => streamRun(parts, context))
  routes.post("/v1/runs/:id/cancel", (context) => cancel(parts, context))
  routes.post("/v1/runs/:id/signals/:name", (context) => signal(parts, context))
  routes.post("/v1/runs/:id/resolve", (context) => resolve(parts, context))
  return routes
}

const eventsPerPage = 200

/** What was put before the model of a response or a call stands before its first turn in the log. */
async function withManifest({ log }: Parts, run: Run): Promise<Run & { context?: JsonValue }> {
  if (run.kind !== "response" && run.kind !== "chat") return run
  const assembled = (await log.events(run, 0, manifestEventsMax)).find((event) => event.type === "context.assembled")
  return assembled === undefined ? run : { ...run, context: assembled.data }
}

const manifestEventsMax = 20

async function start(parts: Parts, context: At): Promise<Response> {
  const { workflow: name, input = null, metadata = {} } = checked(runStartRequestSchema, await readJsonObject(context))
  const { id: principal, projectId, user } = context.get("principal")
  if (!parts.workflows.includes(name)) throw unknownWorkflow(name, parts.workflows)
  const key = context.req.header("idempotency-key")
  const [id, earlier] = key === undefined ? [] : keyedRunIds(parts.clock.now(), `${projectId} ${principal} ${key}`)
  const known = earlier === undefined ? undefined : await parts.runs.get(projectId, earlier)
  if (known) return answer(sameStart(known, name, input))
  const more = { user, metadata, label: userLabel(principal), ...(id === undefined ? {} : { id }) }
  return answer(sameStart(await parts.runs.start({ projectId, principal, kind: "workflow", name, input, ...more }), name, input))
}

/** The run, unless its idempotency key belongs to something else: then what was asked for has not been started, and its client must know. */
function sameStart(run: Run, name: string, input: JsonValue): Run {
  if (run.kind === "workflow" && run.name === name && canonicalJson(run.input) === canonicalJson(input)) return run
  throw new AppError("conflict", "This Idempotency-Key was used with another request a short time ago", {
    hint: "Use a new key for a new request.",
  })
}

function unknownWorkflow(name: string, known: readonly string[]): AppError {
  const hint =
    known.length > 0 ? `These are: ${known.join(", ")}.` : "List workflows in perdure.config.ts: defineConfig({ workflows: [...] })."
  return new AppError("not_found", `There is no workflow '${name}'.`, { param: "workflow", hint })
}

async function listEvents(parts: Parts, context: At): Promise<Response> {
  const { after = 0, limit = eventsPerPage } = readQuery(context, runEventsQuerySchema)
  const run = await runOf(parts, context)
  const events = (await parts.log.events(run, after, limit)).map(shownTo(context.get("principal")))
  const last = events.at(-1)
  return answer({ events, next: last && last.seq < run.lastSeq ? last.seq : null })
}

/** The trace of a run: its log as a tree of spans. */
async function spans(parts: Parts, context: At): Promise<Response> {
  const run = await runOf(parts, context)
  const { traceEventsMax } = parts.limits
  const events: RunEvent[] = []
  for (let after = 0; events.length < traceEventsMax;) {
    const wanted = Math.min(spanEventsPage, traceEventsMax - events.length)
    const page = await parts.log.events(run, after, wanted)
    events.push(...page)
    after = page.at(-1)?.seq ?? after
    if (page.length < wanted) break
  }
  return answer({ spans: spansOf(run, events), complete: events.length < traceEventsMax })
}

const spanEventsPage = 1_000

function streamList(parts: Parts, context: At): Response {
  const { projectId, user } = context.get("principal")
  return follow(parts, context, (signal) => mapped(parts.feed.watch({ projectId, user }, signal), (run) => sseEvent("run", run)))
}

async function streamRun(parts: Parts, context: At): Promise<Response> {
  const after = cursorOf(context)
  const run = await runOf(parts, context)
  const shown = shownTo(context.get("principal"))
  // Tells a browser's EventSource, which opens a closed stream again by itself, that there is nothing more.
  if (endedStatuses.includes(run.status) && after >= run.lastSeq) return new Response(null, { status: 204 })
  return follow(parts, context, async function* (signal) {
    yield* mapped(parts.log.tail(run, after, signal), (event) => frameOf(shown(event)))
    yield sseEvent("end", {})
  })
}

/** Writes the frames as fast as the client reads them; an error cuts the stream, and the client takes it up again. */
function follow(parts: Parts, context: At, frames: (signal: AbortSignal) => AsyncIterable<string>): Response {
  // These streams have no end of their own: a key that is revoked, or a session that is over, reads no further.
  const sse = openSse(context, { keepAliveMs: parts.limits.keepAliveMs, isStillAllowed: context.get("isStillAllowed") })
  const work = async (): Promise<void> => {
    try {
      for await (const frame of frames(sse.signal)) if (!(await sse.write(frame))) break
    } catch (error) {
      if (!sse.signal.aborted) parts.onError(error)
    } finally {
      sse.end()
    }
  }
  void work()
  return sse.response
}

async function* mapped<In, Out>(items: AsyncIterable<In>, change: (item: In) => Out): AsyncGenerator<Out> {
  for await (const item of items) yield change(item)
}

async function cancel(parts: Parts, context: At): Promise<Response> {
  const { reason } = checked(runCancelRequestSchema, await readJsonObject(context, { emptyAllowed: true }))
  const run = await runOf(parts, context)
  if (endedStatuses.includes(run.status)) return answer({ outcome: "already_ended", run })
  return answer(await parts.runs.cancel(run.projectId, run.id, reason ?? `cancelled by ${context.get("principal").name}`))
}

async function signal(parts: Parts, context: At): Promise<Response> {
  const { payload = null } = checked(runSignalRequestSchema, await readJsonObject(context, { emptyAllowed: true }))
  const run = await runOf(parts, context)
  await parts.runs.signal(run.projectId, run.id, context.req.param("name") ?? "", payload, userLabel(context.get("principal").id))
  return answer({ accepted: true })
}

async function resolve(parts: Parts, context: At): Promise<Response> {
  const decision: DoubtResolution = checked(runResolveRequestSchema, await readJsonObject(context, { emptyAllowed: true }))
  const run = await runOf(parts, context)
  if (run.status === "in_doubt") return answer(await parts.runs.resolveDoubt(run.projectId, run.id, decision))
  throw new AppError("conflict", `The run '${run.id}' is ${run.status}; only a run that is in_doubt can be resolved.`)
}

async function runOf(parts: Parts, context: At): Promise<Run> {
  const id = ownId(context.req.param("id") ?? "")
  const { projectId, user } = context.get("principal")
  const run = await parts.log.get(projectId, id, user)
  if (run) return run
  throw new AppError("not_found", `There is no run '${id}'.`, { param: "id", hint: "List runs with GET /v1/runs." })
}

/** `Last-Event-ID` is what a stream that is taken up again sends; it is newer than the `after` of its address. */
function cursorOf(context: At): number {
  const { after = 0 } = readQuery(context, runStreamQuerySchema)
  const header = context.req.header("last-event-id")
  if (header === undefined || header === "") return after
  if (/^\d{1,15}$/.test(header)) return Number(header)
  throw new AppError("invalid_request", `Last-Event-ID '${header.slice(0, 40)}' is not a sequence number.`, { param: "Last-Event-ID" })
}

function frameOf(event: RunEvent): string {
  return `id: ${event.seq}\n${sseEvent(eventName(event.type), event)}`
}

/** Event types are ours, yet a line break in one would break the frame. */
function eventName(type: string): string {
  return type.replaceAll(/[\r\n]/g, " ")
}

/** Drops absent members, which `exactOptionalPropertyTypes` tells apart from missing ones. */
function present(query: { [name in Exclude<keyof RunFilter, "said">]?: RunFilter[name] | undefined }): RunFilter {
  const kept: Record<string, JsonValue> = {}
  for (const [name, value] of Object.entries(query)) if (value !== undefined) kept[name] = value
  return kept // each member comes from the query of the same name
}
