// One response while it runs: its rows, the label of what it has read, and what its turns have said so far.
import type { Clock, JsonObject, JsonValue } from "../core/index.ts"
import {
  noUsage,
  type CallModel,
  type Deployment,
  type ModelCall,
  type ModelMessage,
  type ModelUsage,
  type TokenCount,
} from "../inference/index.ts"
import type { LimitState } from "../accounting/index.ts"
import type { RunContext, RunEvent } from "../runs/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import type { CallTool, ToolRegistry } from "../tools/index.ts"
import type { CallCache } from "./cached-call.ts"
import type { ChainSources } from "./chain.ts"
import type { FoundPassage, SearchDocuments } from "./file-search.ts"
import type { OpenGuards } from "./guarded-call.ts"
import type { AssembleContext, AssembledContext } from "./recalled-context.ts"
import type { RememberTurns } from "./remember-turns.ts"
import { beginning, responseIdOf, type ResponseBase } from "./response-object.ts"
import { ResponseLog } from "./response-log.ts"
import { ResponseWriter } from "./response-writer.ts"
import { outputSize } from "./output-size.ts"
import type { OfferedTools } from "./tool-choice.ts"
import type { ContextWindowOf } from "./truncate-turn.ts"
import type { LabelledItem, LogRow, LogRowData, ResponseRequest, ResponseUsage } from "./types.ts"

/** What one call costs; a price that nobody knows is flagged, never taken for free. */
export type CostOf = (call: { model: string; deployment: Deployment; usage: ModelUsage }) => CallCost

export interface CallCost {
  readonly costMicroUsd: number
  readonly costKnown: boolean
  /** Version of the price list that it is by; null where the configuration states the price, or nobody knows it. */
  readonly priceList: string | null
}

/** For whom a model is called: whose limits hold. */
export interface ModelCaller {
  readonly projectId: string
  readonly principal: string
  /** It waits for a rate instead of failing: work that has got somewhere, and what nobody waits for. */
  readonly isPatient: boolean
  /** Told what is left of the limits once the call is let in. */
  readonly onReserved?: (state: LimitState) => void
}

export type CallModelAs = (caller: ModelCaller) => CallModel

export interface ResponseRunDependencies extends ChainSources {
  readonly callModel: CallModelAs
  /** Absent where no guard is configured. */
  readonly guardsNow?: (() => OpenGuards | undefined) | undefined
  /** Absent where answers are not cached. */
  readonly callCache?: CallCache | undefined
  /** Whether a deployment of the model can be given what only Responses have. */
  readonly speaksResponses: (model: string) => boolean
  /** Whether the model answers by quoting passages that it is given, instead of asking for a search. */
  readonly quotesPassages: (model: string) => boolean
  readonly search: SearchDocuments
  readonly callTool: CallTool
  readonly tools: ToolRegistry
  readonly costOf: CostOf
  readonly countTokens: (call: ModelCall, signal: AbortSignal) => Promise<TokenCount>
  readonly contextWindowOf?: ContextWindowOf
  readonly clock: Clock
  readonly turnsMax: number
  /** Of the whole output, as JSON. */
  readonly outputBytesMax: number
  /** Absent where there is no memory. */
  readonly assembleContext?: AssembleContext | undefined
  readonly rememberTurns?: RememberTurns | undefined
}

export interface Session {
  readonly dependencies: ResponseRunDependencies
  readonly context: RunContext
  readonly request: ResponseRequest
  readonly writer: ResponseWriter
  tools: OfferedTools
  /** What the model is sent: the context, then what the turns added from `turnsFrom` on. */
  messages: ModelMessage[]
  turnsFrom: number
  /** The items that the context is made of; compaction puts others in their place. */
  window: readonly LabelledItem[]
  /** What was put before the model of its scopes. */
  assembled: AssembledContext | undefined
  /** Passages found so far; marks count from 1. */
  readonly passages: FoundPassage[]
  label: Label
  usage: ModelUsage
  /** What compaction has used beside the turns. */
  contextUsage: ModelUsage
  serverCalls: number
  /** As the last turn's provider told. */
  serviceTier: string | undefined
}

export function openSession(dependencies: ResponseRunDependencies, context: RunContext, request: ResponseRequest): Session {
  const log = new ResponseLog(baseOf(context.run.id, context.run.createdAt, request))
  restore(log, context.history, request)
  const size = outputSize(log.items, dependencies.outputBytesMax)
  const session: Session = {
    dependencies,
    context,
    request,
    tools: { functions: [], fileSearch: undefined, server: [], passed: undefined, choice: "none", flat: undefined, wires: new Map() },
    messages: [],
    turnsFrom: 0,
    window: [],
    assembled: undefined,
    label: context.run.label,
    passages: [],
    usage: noUsage,
    contextUsage: noUsage,
    serverCalls: 0,
    serviceTier: undefined,
    writer: new ResponseWriter(
      log,
      context.run.id,
      (row, { delta }) => context.emit(row.type, row.data, { label: session.label, ...(delta ? { delta } : {}) }).committed,
      size,
    ),
  }
  if (!context.history.some((event) => event.type === "response.in_progress")) {
    session.writer.lifecycle("in_progress", beginning("in_progress"))
  }
  return session
}

export function baseOf(runId: string, createdAtMs: number, request: ResponseRequest): ResponseBase {
  return { id: responseIdOf(runId), createdAt: Math.floor(createdAtMs / 1000), request }
}

/** The rows that are committed together with the run. */
export function firstRows(request: ResponseRequest): LogRow[] {
  if (!request.background) return [{ type: "response.created", data: { sequence_number: 0, end: { ...beginning("in_progress") } } }]
  const queued = { ...beginning("queued") }
  return [
    { type: "response.created", data: { sequence_number: 0, end: queued } },
    { type: "response.queued", data: { sequence_number: 1, end: queued } },
  ]
}

/** Rows of the run log that are wire events, as opposed to the log's own. */
export function wireRow(event: Pick<RunEvent, "type" | "data">): LogRow | undefined {
  if (event.type !== "error" && !event.type.startsWith("response.")) return undefined
  return { type: event.type, data: event.data as LogRowData } // written by the writer
}

function restore(log: ResponseLog, history: readonly RunEvent[], request: ResponseRequest): void {
  const rows = history.flatMap((event) => wireRow(event) ?? [])
  // Whether the events that the run was started with are part of its history on the first attempt is the kernel's choice.
  const begun = rows[0]?.type === "response.created"
  for (const row of begun ? rows : [...firstRows(request), ...rows]) log.apply(row)
}

/** From here on everything is made under this label too. */
export function influence(session: Session, label: Label): void {
  session.label = joinLabels([session.label, label])
}

export function wireUsage(usage: ModelUsage): ResponseUsage {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens ?? 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  }
}

/** One model call on the bill. `more`: what else is told of it. */
export function recordUsage(session: Session, turn: number, deployment: Deployment, usage: ModelUsage, more: JsonObject = {}): void {
  const { context, dependencies, request } = session
  const { costMicroUsd, costKnown, priceList } = dependencies.costOf({ model: request.model, deployment, usage })
  const data: JsonObject = {
    turn,
    model: request.model,
    deployment: deployment.id,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cachedTokens: usage.cachedTokens,
    reasoningTokens: usage.reasoningTokens,
    costMicroUsd,
    costKnown,
    priceList,
    estimated: usage.estimated,
    ...more,
  }
  context.emit("usage.recorded", data satisfies JsonValue, { label: session.label })
}
