// What can be done with responses: create one as a run, show it, follow it, cancel, delete, list its input.
import { AppError, isJsonObject, type Clock, type JsonObject, type NewId } from "../core/index.ts"
import { noUsage, type ModelCall, type TokenCount } from "../inference/index.ts"
import { keyedRunIds, type Run, type Runs } from "../runs/index.ts"
import type { Principal } from "../security/index.ts"
import { carry, contextAfter, loadRunFor, outcomeOf, requestOf, storedResponse, wholeContext } from "./chain.ts"
import { forget, stop, type ForgetDependencies } from "./forget-response.ts"
import { declaredTools, inputCall } from "./input-call.ts"
import { questionOf } from "./messages.ts"
import { prepare, type PrepareDependencies } from "./prepare.ts"
import { abandonedReason, sameRequest, wasAbandoned } from "./repeated-request.ts"
import { ResponseLog } from "./response-log.ts"
import { beginning, responseIdOf, responseObject } from "./response-object.ts"
import { readResponse, readSnapshot, type ReadEvent, type WatchLog } from "./response-reader.ts"
import { wholeEvents } from "./response-writer.ts"
import { baseOf, firstRows, wireUsage } from "./session.ts"
import { toolResults, type HeldResult } from "./tool-results.ts"
import type { LabelledItem, NewResponse, ResponseItem, WireEvent } from "./types.ts"

export interface ResponseServiceDependencies extends PrepareDependencies, ForgetDependencies {
  readonly runs: Runs
  readonly countTokens: (call: ModelCall, signal: AbortSignal) => Promise<TokenCount>
  readonly newId: NewId
  readonly clock: Clock
  readonly cancelWaitMs: number
}

export interface ItemPage {
  readonly after: string | undefined
  readonly limit: number
  readonly order: "asc" | "desc"
}

export interface CreateOptions {
  readonly idempotencyKey?: string | undefined
  /** What stands before the input in place of the stored chain. */
  readonly carried?: readonly LabelledItem[] | undefined
}

export interface WarmResponse {
  readonly id: string
  readonly events: readonly WireEvent[]
  readonly context: readonly LabelledItem[]
}

/** Who reads stored responses: with a user, those alone that were made for them. */
export type Reader = Pick<Principal, "projectId" | "user">

export interface Responses {
  /** The same idempotency key of the same principal gives the same run for some minutes. */
  create(principal: Principal, request: NewResponse, options?: CreateOptions): Promise<Run>
  /** A response that calls no model: checked like any, completed at once, its input held for whoever continues it. Nothing is stored. */
  warm(principal: Principal, request: NewResponse, carried?: readonly LabelledItem[]): Promise<WarmResponse>
  /** What whoever continues this response reads, once it has ended. */
  contextAfter(run: Run): Promise<readonly LabelledItem[]>
  /** The run behind a stored response that the reader sees; `not_found` otherwise. */
  find(reader: Reader, responseId: string): Promise<Run>
  snapshot(run: Run): Promise<JsonObject>
  /** R21: what a background request is answered with, however far its run has come meanwhile. */
  accepted(run: Run): Promise<JsonObject>
  /** Wire events after that number; -1 for all. */
  follow(run: Run, after: number, signal: AbortSignal, watch?: WatchLog): AsyncIterable<ReadEvent>
  /** Only for background responses; a response that has ended stays as it is. Whoever is told `cancelled` never reads another end. */
  cancel(reader: Reader, responseId: string): Promise<JsonObject>
  /** The foreground client left: nobody waits for the response any more. */
  abandon(run: Run): Promise<void>
  /** The client of a response that is not stored has it, or left: the run goes once it has ended. */
  forget(run: Run): Promise<void>
  remove(reader: Reader, responseId: string): Promise<void>
  inputItems(reader: Reader, responseId: string, page: ItemPage): Promise<{ items: readonly ResponseItem[]; hasMore: boolean }>
  /** What a tool answered in or before this response, by the handle that its model knows: whether or not the model was still shown it. */
  toolResult(reader: Reader, responseId: string, handle: string): Promise<HeldResult>
  /** Tokens that the request would put before its model, checked like `create` checks it. */
  countInput(principal: Principal, request: NewResponse, signal: AbortSignal): Promise<TokenCount>
}

export function createResponses(dependencies: ResponseServiceDependencies): Responses {
  const { runs } = dependencies
  const find = async ({ projectId, user }: Reader, responseId: string): Promise<Run> => {
    const run = await storedResponse(loadRunFor(dependencies.loadRun, user), projectId, responseId)
    if (!run) throw notFound(responseId)
    return run
  }
  return {
    create: (principal, request, { idempotencyKey, carried } = {}) =>
      create(dependencies, principal, withCarried(request, carried), idempotencyKey),
    warm: (principal, request, carried) => warm(dependencies, principal, withCarried(request, carried)),
    contextAfter: async (run) => contextAfter(dependencies, await dependencies.awaitEnd(run)),
    find,
    snapshot: (run) => readSnapshot(runs, run),
    accepted: async (run) =>
      run.finishedAt === null
        ? responseObject(baseOf(run.id, run.createdAt, requestOf(run)), [], beginning("queued"))
        : readSnapshot(runs, run),
    follow: (run, after, signal, watch) => readResponse(runs, run, after, signal, watch),
    cancel: async (reader, responseId) => cancel(dependencies, await find(reader, responseId)),
    abandon: async (run) => {
      await runs.cancel(run.projectId, run.id, abandonedReason)
    },
    forget: (run) => forget(dependencies, run),
    remove: async (reader, responseId) => {
      const run = await find(reader, responseId)
      if (run.finishedAt === null) await stop(runs, run, "the response was deleted")
      await runs.delete(run.projectId, run.id)
    },
    inputItems: async (reader, responseId, page) => pageOf(requestOf(await find(reader, responseId)).input, page),
    toolResult: async (reader, responseId, handle) => {
      const run = await dependencies.awaitEnd(await find(reader, responseId))
      const held = toolResults(await wholeContext(dependencies, run))
      const named = await itemOfCall(runs, run, handle)
      const found = held.find((each) => each.handle === handle) ?? held.find((each) => each.handle === named)
      if (found) return { ...found, handle }
      throw new AppError("not_found", `There is no tool result with the handle "${handle.slice(0, 200)}" in this response`, {
        param: "handle",
        hint: "Handles are the ids of calls in the context of the response that names them.",
      })
    },
    countInput: async (principal, request, signal) => {
      const prepared = await prepare(dependencies, principal, request, dependencies.newId("run"))
      const tools = declaredTools(prepared.tools, false)
      return dependencies.countTokens(inputCall(prepared.request, prepared.messages, tools), signal)
    },
  }
}

/** The item of a call that was made here, by the id that the model gave the call. */
async function itemOfCall(runs: Runs, run: Run, callId: string): Promise<string | undefined> {
  const pageRows = 1_000
  for (let from = 0; ;) {
    const page = await runs.events(run.projectId, run.id, from, pageRows)
    const started = page.find(({ type, data }) => type === "tool.call.started" && isJsonObject(data) && data["callId"] === callId)
    if (started) return outcomeOf(run)?.output[(started.data as JsonObject)["outputIndex"] as number]?.id
    from = page.at(-1)?.seq ?? from
    if (page.length < pageRows) return undefined
  }
}

function withCarried(request: NewResponse, carried: readonly LabelledItem[] | undefined): NewResponse {
  return carried === undefined ? request : { ...request, carried: carry(carried) }
}

async function warm(dependencies: ResponseServiceDependencies, principal: Principal, request: NewResponse): Promise<WarmResponse> {
  const runId = dependencies.newId("run")
  const { request: complete, context } = await prepare(dependencies, principal, request, runId)
  const createdAtMs = dependencies.clock.now()
  const base = baseOf(runId, createdAtMs, complete)
  const end = { ...beginning("in_progress"), status: "completed", usage: wireUsage(noUsage), completed_at: base.createdAt } as const
  return { id: base.id, events: wholeEvents(new ResponseLog(base), end), context }
}

async function create(
  dependencies: ResponseServiceDependencies,
  principal: Principal,
  request: NewResponse,
  idempotencyKey: string | undefined,
  repetition = 0,
): Promise<Run> {
  const { runs, clock, newId } = dependencies
  if (request.background && !request.store) {
    throw new AppError("invalid_request", "background: true needs store: true", {
      param: "background",
      hint: "Leave store out, or set it to true.",
    })
  }
  const candidates =
    idempotencyKey === undefined
      ? [newId("run")]
      : keyedRunIds(clock.now(), `${principal.projectId} ${principal.id} ${repetition === 0 ? "" : `${repetition} `}${idempotencyKey}`)
  const again = (): Promise<Run> => create(dependencies, principal, request, idempotencyKey, repetition + 1)
  for (const runId of candidates.slice(1)) {
    const run = await runs.get(principal.projectId, runId)
    if (run) return wasAbandoned(run, repetition) ? again() : sameRequest(run, await prepare(dependencies, principal, request, runId))
  }
  const runId = candidates[0] ?? newId("run")
  const prepared = await prepare(dependencies, principal, request, runId)
  const run = await runs.start({
    id: runId,
    projectId: principal.projectId,
    principal: principal.id,
    // A request with a key that acts for one user cannot pass for somebody else's.
    user: principal.user ?? request.user ?? request.safety_identifier,
    kind: "response",
    name: "response",
    title: titleOf(prepared.request.input),
    input: prepared.request,
    label: prepared.label,
    model: request.model,
    conversationId: request.conversation,
    metadata: chosenWith(request),
    events: firstRows(prepared.request),
  })
  if (idempotencyKey === undefined) return run
  return wasAbandoned(run, repetition) ? again() : sameRequest(run, prepared)
}

/** The client's metadata, whose values are plain, its tags, and what was chosen for the request: runs are found and counted by them. */
function chosenWith({ metadata, said, prompt, experiment, rule }: NewResponse): JsonObject {
  const { id, version } = prompt ?? {}
  const tags = said && said.tags.length > 0 ? { tags: said.tags } : {}
  return {
    ...metadata,
    ...said?.metadata,
    ...tags,
    ...(prompt ? { prompt: { id, version } } : {}),
    ...(experiment ? { experiment } : {}),
    ...(rule ? { rule } : {}),
  }
}

/** The question; of an input without one, such as the output of a call, the last text in it. */
function titleOf(items: readonly ResponseItem[]): string {
  const last = items.at(-1)
  return questionOf(items) || (typeof last?.["output"] === "string" ? last["output"] : "")
}

async function cancel({ runs, cancelWaitMs }: ResponseServiceDependencies, run: Run): Promise<JsonObject> {
  if (!requestOf(run).background) {
    throw new AppError("invalid_request", `Response "${responseIdOf(run.id)}" is not a background response and cannot be cancelled`, {
      param: "response_id",
      hint: "Close its connection instead, or create it with background: true.",
    })
  }
  if (run.finishedAt !== null) return readSnapshot(runs, run)
  await runs.cancel(run.projectId, run.id, "the client cancelled the response")
  // It may be telling its end just now: how it ended is known when it has.
  const late = AbortSignal.timeout(cancelWaitMs)
  const after = await runs.ended(run.projectId, run.id, late).catch(async (error: unknown) => {
    if (!late.aborted) throw error
    return runs.get(run.projectId, run.id)
  })
  if (!after) throw notFound(responseIdOf(run.id))
  return readSnapshot(runs, after)
}

function pageOf(items: readonly ResponseItem[], { after, limit, order }: ItemPage): { items: readonly ResponseItem[]; hasMore: boolean } {
  const ordered = order === "asc" ? items : [...items].reverse()
  const from = after === undefined ? 0 : ordered.findIndex((item) => item.id === after) + 1
  if (after !== undefined && from === 0) {
    throw new AppError("invalid_request", `Item "${after}" is not among the input of this response`, {
      param: "after",
      hint: "Use last_id of the page before.",
    })
  }
  return { items: ordered.slice(from, from + limit), hasMore: ordered.length > from + limit }
}

function notFound(responseId: string): AppError {
  return new AppError("not_found", `Response with id "${responseId}" not found`, {
    param: "response_id",
    hint: "It may belong to another project, be deleted, or have been created with store: false.",
  })
}
