// One turn: one model call as a memoised step, its events written as items; a cut turn is closed and begun anew.
import { AppError, type JsonObject } from "../core/index.ts"
import type { CallModel, ModelCall, ModelEvent, ModelMessage, ModelTool, ModelUsage } from "../inference/index.ts"
import type { StepContext } from "../runs/index.ts"
import type { GuardReport } from "../security/index.ts"
import { CitationMarkers } from "./citation-markers.ts"
import { callGuarded } from "./guarded-call.ts"
import { declaredTools, inputCall } from "./input-call.ts"
import { addCall } from "./messages.ts"
import { recordUsage, type Session } from "./session.ts"
import { closeTurn, TurnTranslator, type CallRoute, type TranslatedCall, type TurnEnd } from "./turn-translator.ts"
import type { ResponseItem } from "./types.ts"

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

/** Runs the turn, or gives what an earlier attempt recorded of it. */
export async function runTurn(session: Session, options: TurnOptions): Promise<TurnOutcome> {
  const { context, request } = session
  const work = async (step: StepContext): Promise<JsonObject> => (await liveTurn(session, options, step)) as unknown as JsonObject // plain JSON
  const outcome = await context.step(`turn:${options.turn}`, work, {
    effect: "read",
    input: { model: request.model },
    label: session.label,
  })
  return outcome as unknown as TurnOutcome // written by liveTurn
}

async function liveTurn(session: Session, options: TurnOptions, step: StepContext): Promise<TurnOutcome> {
  const salvaged = closeCutTurn(session, options.turn)
  if (salvaged) return salvaged
  const { writer, context, dependencies } = session
  const { turn } = options
  const from = writer.log.size
  context.emit("turn.started", { turn, outputIndex: from, model: session.request.model }, { label: session.label })
  const call = callPastGuards(session, options, step.signal)
  const translator = new TurnTranslator(writer, routeOf(session, options), ({ reason, usage, calls }) => {
    recordUsage(session, turn, call.deployment, usage)
    const ended: JsonObject = {
      turn,
      from,
      reason,
      usage: { ...usage },
      calls: calls.map((each) => ({ ...each, route: { ...each.route } })),
    }
    context.emit("turn.ended", ended, { label: session.label })
  })
  let characters = 0
  // Tokens that were used are billed, whoever ends the call; at once, because a cancelled run takes no events for long.
  const billCut = (): void => {
    if (characters === 0 || translator.end || isReleased(step.signal)) return
    recordUsage(session, turn, call.deployment, estimate(session.messages, characters))
    characters = 0
  }
  step.signal.addEventListener("abort", billCut, { once: true })
  try {
    const marks = dependencies.quotesPassages(session.request.model) ? undefined : new CitationMarkers(() => session.passages)
    for await (const event of call.events) {
      step.signal.throwIfAborted()
      characters += charactersOf(event)
      if (event.type === "finished") for (const other of event.alsoUsed ?? []) recordUsage(session, turn, other.deployment, other.usage)
      for (const each of marks ? marks.take(event) : [event]) translator.take(each)
    }
    step.signal.throwIfAborted()
    if (!translator.end) throw new AppError("upstream_stream_ended", "The model's answer ended without its end mark")
  } catch (error) {
    billCut()
    throw error
  } finally {
    step.signal.removeEventListener("abort", billCut)
  }
  const { reason, usage, calls } = translator.end
  return { reason, usage, calls, from, to: writer.log.size }
}

/** The model call of the turn, past the guards where there are some. */
function callPastGuards(session: Session, options: TurnOptions, signal: AbortSignal): ReturnType<CallModel> {
  const { context, request } = session
  const { callModel: callModelAs, openGuards } = session.dependencies
  const { id: runId, projectId, principal } = context.run
  const callModel = callModelAs({ projectId, principal, isPatient: options.turn > 1 || request.background })
  const call = modelCall(session, options)
  if (!openGuards) return callModel(call, signal)
  const onReports = (reports: readonly GuardReport[]): void => {
    if (isReleased(signal)) return
    context.emit("guards.decided", { turn: options.turn, guards: reports.map((each) => ({ ...each })) }, { label: session.label })
  }
  return callGuarded({ openGuards, callModel, caller: { runId, projectId, principal, user: request.user }, onReports }, call, signal)
}

/** This process stops and another goes on: nothing more is said here. */
export function isReleased(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof AppError && signal.reason.code === "cancelled")
}

function modelCall(session: Session, { last, turn }: TurnOptions): ModelCall {
  const { request, messages, tools } = session
  const offered = last ? [] : modelTools(session)
  const used = session.usage.outputTokens
  const quotes = session.dependencies.quotesPassages(request.model)
  const forced = tools.choice === "required" || typeof tools.choice === "object"
  // After the first call a forced choice has had its way; forcing it for ever would leave no turn for the answer.
  const toolChoice = offered.length === 0 ? "none" : forced && turn > 1 ? "auto" : tools.choice
  return {
    ...inputCall(request, messages, offered),
    passages: quotes ? session.passages : [],
    toolChoice,
    outputTokensMax: request.max_output_tokens === null ? null : request.max_output_tokens - used,
  }
}

function modelTools({ tools, dependencies, request }: Session): ModelTool[] {
  return declaredTools(tools, dependencies.quotesPassages(request.model))
}

/** Limits that hold whatever the model says: what was not offered is refused, and one call at a time means one. */
function routeOf(session: Session, { last }: TurnOptions): (name: string, accepted: number) => CallRoute {
  const offered = new Set(last ? [] : modelTools(session).map((tool) => tool.name))
  const client = new Set(session.tools.functions.map((tool) => tool.name))
  const chosen = typeof session.tools.choice === "object" ? session.tools.choice.name : undefined
  return (name, accepted) => {
    if (session.tools.choice === "none" || !offered.has(name))
      return { kind: "refused", reason: `The tool "${name}" may not be called here.` }
    if (chosen !== undefined && session.serverCalls === 0 && name !== chosen)
      return { kind: "refused", reason: `Only the tool "${chosen}" may be called.` }
    if (!session.request.parallel_tool_calls && accepted > 0) return { kind: "refused", reason: "Only one tool may be called at a time." }
    return client.has(name) ? { kind: "client" } : { kind: "server" }
  }
}

/**
 * What an attempt left behind that died inside this turn. If the model had ended, only the items are left to close. Text under an open item is never repeated: the item is closed
 * `incomplete`. Function calls that were finished are kept and end the turn, since clients may have acted on them.
 */
function closeCutTurn({ writer, context, request }: Session, turn: number): TurnOutcome | undefined {
  const of = (type: string): JsonObject | undefined => {
    const event = context.history.find((each) => each.type === type && (each.data as JsonObject)["turn"] === turn)
    return event?.data as JsonObject | undefined // events of this name hold objects
  }
  const started = of("turn.started")
  if (!started) return undefined
  const ended = of("turn.ended") as unknown as TurnOutcome | undefined // written by liveTurn
  if (ended) {
    closeTurn(writer, ended.reason)
    return { reason: ended.reason, usage: ended.usage, calls: ended.calls, from: ended.from, to: writer.log.size }
  }
  const from = started["outputIndex"] as number
  context.emit("turn.restarted", { turn, model: request.model, open: writer.log.openItems() })
  const callOf = (item: ResponseItem): TranslatedCall[] =>
    item.type === "function_call" && item["status"] === "completed"
      ? [
          {
            callId: item["call_id"] as string,
            name: item["name"] as string,
            arguments: item["arguments"] as string,
            route: { kind: "client" },
          },
        ]
      : []
  writer.closeAll("incomplete")
  const calls = writer.log.items.slice(from).flatMap(callOf)
  const usage: ModelUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: true }
  return calls.length > 0 ? { reason: "tool_calls", usage, calls, from, to: writer.log.size } : undefined
}

/** What the turn adds to the messages of the next one. */
export function rememberTurn(session: Session, { from, to, calls }: TurnOutcome): void {
  const texts = session.writer.log.items.slice(from, to).flatMap((item) => (item.type === "message" ? textOf(item) : []))
  if (texts.length > 0) session.messages.push({ role: "assistant", content: [{ type: "text", text: texts.join("") }], toolCalls: [] })
  for (const { callId, name, arguments: args } of calls) addCall(session.messages, { callId, name, arguments: args })
}

function textOf(item: ResponseItem): string[] {
  return (item["content"] as readonly { text?: string; refusal?: string }[]).map((part) => part.text ?? part.refusal ?? "")
}

function charactersOf(event: ModelEvent): number {
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
