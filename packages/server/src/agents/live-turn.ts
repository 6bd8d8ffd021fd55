// A turn under way: the model call past the guards, its events written as items; an answer that breaks off goes on elsewhere.
import type { LimitState } from "../accounting/index.ts"
import { AppError, type JsonObject } from "../core/index.ts"
import {
  noUsage,
  tierAsked,
  withTierAsked,
  type CallEvent,
  type CallModel,
  type Failover,
  type ModelCall,
  type ModelMessage,
  type ModelTool,
  type ModelUsage,
  type PassedTools,
} from "../inference/index.ts"
import { joinIdentity, type GuardReport } from "../security/index.ts"
import { cacheData, cacheLook, callCached, type CacheFound } from "./cached-call.ts"
import type { CallRoute } from "./call-route.ts"
import { CitationMarkers } from "./citation-markers.ts"
import { shownMessages } from "./edit-turn.ts"
import { callGuarded } from "./guarded-call.ts"
import { callRouting, declaredTools, inputCall } from "./input-call.ts"
import { sealReasoning } from "./kept-reasoning.ts"
import { saidOf } from "./said.ts"
import { openedTool } from "./sealed-tools.ts"
import { influence, recordUsage, type Session } from "./session.ts"
import { bringsTheWorldIn } from "./tool-items.ts"
import type { TurnEnd } from "./turn-end.ts"
import { TurnTranslator, type ReasoningKeeper } from "./turn-translator.ts"

/** What a turn came to; small, because its words are in the log: items `from` to before `to`. */
export interface TurnOutcome extends Omit<TurnEnd, "upstreamModel"> {
  readonly from: number
  readonly to: number
}

export interface TurnOptions {
  readonly turn: number
  /** The last turn may not ask for more. */
  readonly last: boolean
}

export class LiveTurn {
  readonly #session: Session
  readonly #options: TurnOptions
  readonly #signal: AbortSignal
  readonly #call: ReturnType<CallModel>
  readonly #translator: TurnTranslator
  readonly #marks: CitationMarkers | undefined
  /** Undefined where nothing limits the caller. */
  #limits: LimitState | undefined
  /** The first item of the answer that counts. */
  #from: number
  /** Said by the attempt that is under way. */
  #characters = 0
  /** Calls of tools that the provider runs, by type. */
  readonly #hosted: Record<string, number> = {}
  /** Undefined where the answer cache has nothing to do with it. */
  #found: CacheFound | undefined

  constructor(session: Session, options: TurnOptions, signal: AbortSignal) {
    const { context, dependencies, request, writer, label } = session
    this.#session = session
    this.#options = options
    this.#signal = signal
    this.#from = writer.log.size
    context.emit("turn.started", { turn: options.turn, outputIndex: this.#from, model: request.model }, { label })
    this.#call = callPastGuards(session, options, signal, {
      onFound: (found) => (this.#found = found),
      onReserved: (state) => (this.#limits = isLimited(state) ? state : undefined),
    })
    const seal: ReasoningKeeper["seal"] = (kept) => sealReasoning(dependencies.sealer, context.run.projectId, kept)
    const asSummary = typeof request.reasoning?.["summary"] === "string"
    const keeper: ReasoningKeeper = { asSummary, seal, dialect: () => this.#call.deployment.dialect }
    this.#translator = new TurnTranslator(writer, routeOf(session, options), (end) => this.#ended(end), keeper)
    this.#marks = dependencies.quotesPassages(request.model) ? undefined : new CitationMarkers(() => session.passages)
  }

  async run(): Promise<TurnOutcome> {
    const signal = this.#signal
    // Tokens that were used are billed, whoever ends the call; at once, because a cancelled run takes no events for long.
    const billCut = (): void => this.#billCut()
    signal.addEventListener("abort", billCut, { once: true })
    try {
      for await (const event of this.#call.events) {
        signal.throwIfAborted()
        this.#take(event)
      }
      signal.throwIfAborted()
      if (!this.#translator.end) throw new AppError("upstream_stream_ended", "The model's answer ended without its end mark")
    } catch (error) {
      billCut()
      throw error
    } finally {
      signal.removeEventListener("abort", billCut)
    }
    const { reason, usage, calls, serviceTier } = this.#translator.end
    return { reason, usage, calls, ...tierOf(serviceTier), from: this.#from, to: this.#session.writer.log.size }
  }

  #take(event: CallEvent): void {
    if (event.type === "failover") return this.#failedOver(event)
    if (event.type === "item-started") this.#itemStarted(event.item)
    const { deployment, attempts } = this.#call
    this.#session.writer.servedBy = {
      deployment: deployment.id,
      attempts,
      ...servedFrom(this.#found),
      ...(this.#limits ? { limits: this.#limits } : {}),
    }
    this.#characters += charactersOf(event)
    if (event.type === "finished") for (const other of event.alsoUsed ?? []) this.#bill(other.deployment, other.usage)
    for (const each of this.#marks ? this.#marks.take(event) : [event]) this.#translator.take(each)
  }

  /** What a provider's own tools bring in is of low trust. */
  #itemStarted(item: JsonObject): void {
    const type = item["type"] as string // every item has one
    if (!bringsTheWorldIn({ ...item, type })) return
    this.#hosted[type] = (this.#hosted[type] ?? 0) + 1
    influence(this.#session, { ...joinIdentity, integrity: 0, sources: [`tool:${type}@${this.#call.deployment.id}`] })
  }

  /** T18: what was said stays said. Either the same item goes on, or it ends incomplete and another begins. */
  #failedOver({ from, to, how, afterCharacters, error, used }: Failover): void {
    const { context, writer, label } = this.#session
    const { turn } = this.#options
    const restarts = how === "anew"
    if (restarts) for (const each of this.#marks?.restart() ?? []) this.#translator.take(each)
    writer.flush()
    context.emit("turn.failed_over", { turn, from: from.id, to: to.id, how, afterCharacters, error }, { label })
    if (used) this.#bill(from, used)
    this.#characters = 0
    if (!restarts) return
    this.#translator.beginAnew()
    this.#from = writer.log.size
  }

  #ended({ reason, usage, calls, serviceTier }: TurnEnd): void {
    const { context, label } = this.#session
    this.#bill(this.#call.deployment, usage)
    const ended: JsonObject = {
      turn: this.#options.turn,
      from: this.#from,
      reason,
      usage: { ...usage },
      ...tierOf(serviceTier),
      calls: calls.map((each) => ({ ...each, route: { ...each.route } })),
    }
    context.emit("turn.ended", ended, { label })
  }

  #billCut(): void {
    if (this.#characters === 0 || this.#translator.end || isReleased(this.#signal) || isHit(this.#found)) return
    const { deployment } = this.#call
    const usage = { ...estimate(shownMessages(this.#session).messages, this.#characters), ...callsBegun(this.#hosted) }
    this.#bill(deployment, withTierAsked(usage, tierAsked(this.#session.request.service_tier), deployment))
    this.#characters = 0
  }

  /** What is given again from the cache costs nothing; the response still tells how large it is. */
  #bill(deployment: Failover["from"], usage: ModelUsage): void {
    const { turn } = this.#options
    if (isHit(this.#found)) recordUsage(this.#session, turn, deployment, noUsage, { cache: cacheData(this.#found) })
    else recordUsage(this.#session, turn, deployment, usage, { ...hostedData(this.#hosted), ...servedData(usage) })
  }
}

function tierOf(serviceTier: string | undefined): { serviceTier?: string } {
  return serviceTier === undefined ? {} : { serviceTier }
}

function servedData({ serviceTier, servedIn, toldMicroUsd }: ModelUsage): JsonObject {
  const tier = tierAsked(serviceTier)
  return {
    ...(tier === undefined ? {} : { serviceTier: tier }),
    ...(servedIn === undefined ? {} : { servedIn }),
    ...(toldMicroUsd === undefined ? {} : { toldMicroUsd }),
  }
}

function hostedData(hosted: Readonly<Record<string, number>>): JsonObject {
  return Object.keys(hosted).length === 0 ? {} : { hostedCalls: { ...hosted } }
}

/** Of an answer that was cut: its provider charges for what it had begun. */
function callsBegun(hosted: Readonly<Record<string, number>>): Pick<ModelUsage, "toolCalls"> {
  const calls = Object.entries(hosted).map(([type, count]) => [type.replace(/_call$/, ""), count] as const)
  return calls.length === 0 ? {} : { toolCalls: Object.fromEntries(calls) }
}

function isHit(found: CacheFound | undefined): found is Extract<CacheFound, { ageMs: number }> {
  return found !== undefined && "ageMs" in found
}

function servedFrom(found: CacheFound | undefined): { cache?: string; ageSeconds?: number } {
  if (!found) return {}
  return isHit(found) ? { cache: found.kind, ageSeconds: Math.floor(found.ageMs / 1000) } : { cache: found.kind }
}

interface Told {
  readonly onFound: (found: CacheFound) => void
  readonly onReserved: (state: LimitState) => void
}

function isLimited(state: LimitState): boolean {
  return Object.values(state).some((window) => window !== null)
}

/** The model call of the turn, past the guards and the cache where there are some. */
function callPastGuards(session: Session, options: TurnOptions, signal: AbortSignal, told: Told): ReturnType<CallModel> {
  const { context, request } = session
  const openGuards = session.dependencies.guardsNow?.()
  const { id: runId, projectId, principal } = context.run
  const callModel = modelPastCache(session, options, told)
  const call = modelCall(session, options)
  const routing = callRouting(request)
  if (!openGuards) return callModel(call, signal, routing)
  const onReports = (reports: readonly GuardReport[]): void => {
    if (isReleased(signal)) return
    context.emit("guards.decided", { turn: options.turn, guards: reports.map((each) => ({ ...each })) }, { label: session.label })
  }
  const caller = { endpoint: "responses", runId, projectId, principal, user: request.user, said: saidOf(request) } as const
  return callGuarded({ openGuards, callModel, routing, caller, onReports }, call, signal)
}

/** The cache stands behind the guards: it has what they let through, and each caller's guards put back what is that caller's. */
function modelPastCache(session: Session, { turn }: TurnOptions, { onFound, onReserved }: Told): CallModel {
  const { request, dependencies } = session
  const { callModel: callModelAs, callCache: cache, costOf } = dependencies
  const { projectId, principal } = session.context.run
  const callModel = callModelAs({ projectId, principal, isPatient: turn > 1 || request.background, onReserved })
  const user = request.acts_for ?? request.user ?? request.safety_identifier
  const caller = { projectId, principal, user, said: saidOf(request) }
  return (call, signal, routing = {}) => {
    // A guard may have chosen another model.
    const look = cacheLook(session, call.model)
    if (look === "bypass") onFound({ kind: "bypass" })
    if (!cache || look === undefined || look === "bypass") return callModel(call, signal, routing)
    return callCached({ cache, callModel, routing, look, caller, costOf, onFound }, call, signal)
  }
}

/** This process stops and another goes on: nothing more is said here. */
function isReleased(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof AppError && signal.reason.code === "cancelled")
}

function modelCall(session: Session, { last, turn }: TurnOptions): ModelCall {
  const { request, tools } = session
  const { messages } = shownMessages(session)
  const offered = last ? [] : modelTools(session)
  const used = session.usage.outputTokens
  const quotes = session.dependencies.quotesPassages(request.model)
  const forced = tools.choice === "required" || typeof tools.choice === "object"
  // After the first call a forced choice has had its way; forcing it for ever would leave no turn for the answer.
  const passed = last ? undefined : openedTools(session)
  const any = offered.length > 0 || passed !== undefined
  const toolChoice = !any ? "none" : forced && turn > 1 ? "auto" : tools.choice
  return {
    ...inputCall(request, messages, offered, passed && turn > 1 ? { ...passed, choice: null } : passed),
    passages: quotes ? session.passages : [],
    toolChoice,
    outputTokensMax: request.max_output_tokens === null ? null : request.max_output_tokens - used,
  }
}

function openedTools({ tools: { passed }, dependencies, context }: Session): PassedTools | undefined {
  return passed && { ...passed, tools: passed.tools.map((tool) => openedTool(dependencies.sealer, context.run.projectId, tool)) }
}

function modelTools({ tools, dependencies, request }: Session): ModelTool[] {
  return declaredTools(tools, dependencies.quotesPassages(request.model))
}

/** Limits that hold whatever the model says: what was not offered is refused, and one call at a time means one. */
function routeOf(session: Session, { last }: TurnOptions): (name: string, accepted: number) => CallRoute {
  const offered = new Set(last ? [] : modelTools(session).map((tool) => tool.name))
  const client = new Map(session.tools.functions.map((tool) => [tool.name, tool]))
  const chosen = typeof session.tools.choice === "object" ? session.tools.choice.name : undefined
  return (name, accepted) => {
    if (session.tools.choice === "none" || !offered.has(name))
      return { kind: "refused", reason: `The tool "${name}" may not be called here.` }
    if (chosen !== undefined && session.serverCalls === 0 && name !== chosen)
      return { kind: "refused", reason: `Only the tool "${chosen}" may be called.` }
    if (!session.request.parallel_tool_calls && accepted > 0) return { kind: "refused", reason: "Only one tool may be called at a time." }
    const own = client.get(name)
    if (!own) return { kind: "server" }
    const wire = session.tools.wires.get(name)
    return { kind: "client", ...(own.custom ? { custom: true } : {}), ...(wire ? { wire } : {}) }
  }
}

function charactersOf(event: CallEvent): number {
  if (event.type === "text-delta" || event.type === "reasoning-delta" || event.type === "refusal-delta") return event.text.length
  return event.type === "tool-call-delta" ? event.arguments.length : 0
}

const charactersPerToken = 4

function estimate(messages: readonly ModelMessage[], outputCharacters: number): ModelUsage {
  const input = messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0)
  return {
    inputTokens: Math.ceil(input / charactersPerToken),
    outputTokens: Math.ceil(outputCharacters / charactersPerToken),
    cachedTokens: 0,
    reasoningTokens: 0,
    estimated: true,
  }
}
