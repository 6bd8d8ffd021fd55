// One turn: one model call as a memoised step, its events written as items; a cut turn is closed and begun anew.
import type { JsonObject } from "../core/index.ts"
import type { ModelUsage } from "../inference/index.ts"
import type { StepContext } from "../runs/index.ts"
import { LiveTurn, type TurnOptions, type TurnOutcome } from "./live-turn.ts"
import { reasoningOpener } from "./kept-reasoning.ts"
import { addCall, messagesOf } from "./messages.ts"
import { ownServerLabel } from "./own-server.ts"
import { searchArguments } from "./searched-tools.ts"
import type { Session } from "./session.ts"
import { isPassedItem, isToolCall, modelCallOf, waitsForClient } from "./tool-items.ts"
import { closeTurn, type TranslatedCall } from "./turn-end.ts"
import type { ResponseItem } from "./types.ts"

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
  return closeCutTurn(session, options.turn) ?? new LiveTurn(session, options, step.signal).run()
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
    closeTurn(writer, ended.reason, searchArguments(writer, ended.calls))
    const tier = ended.serviceTier === undefined ? {} : { serviceTier: ended.serviceTier }
    return { reason: ended.reason, usage: ended.usage, calls: ended.calls, ...tier, from: ended.from, to: writer.log.size }
  }
  const from = started["outputIndex"] as number
  context.emit("turn.restarted", { turn, model: request.model, open: writer.log.openItems() })
  const callOf = (item: ResponseItem): TranslatedCall[] =>
    isToolCall(item) && item["status"] === "completed" ? [{ ...modelCallOf(item), route: { kind: "client" } }] : []
  const isWaiting = writer.log.items
    .slice(from)
    .some((item, index) => waitsForClient(item) && !writer.log.openItems().includes(from + index))
  writer.closeAll("incomplete")
  const calls = writer.log.items.slice(from).flatMap(callOf)
  const usage: ModelUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: true }
  return calls.length > 0 || isWaiting ? { reason: "tool_calls", usage, calls, from, to: writer.log.size } : undefined
}

/** What the turn adds to the messages of the next one. */
export function rememberTurn(session: Session, { from, to, calls }: TurnOutcome): void {
  const { writer, messages, dependencies, context } = session
  const items = writer.log.items.slice(from, to)
  const open = reasoningOpener(dependencies.sealer, context.run.projectId)
  if (items.some(isPassedItem)) {
    const own = items.filter((item) => !isToolCall(item) && !isOwnCall(item))
    messages.push(...messagesOf(null, own, open))
    for (const { route: _, ...call } of calls) addCall(messages, call)
    return
  }
  const reasoning = items.flatMap((item) => (item.type === "reasoning" ? (open(item)?.reasoning ?? []) : []))
  const text = items.flatMap((item) => (item.type === "message" ? textOf(item) : [])).join("")
  if (text !== "" || reasoning.length > 0) {
    const content = text === "" ? [] : [{ type: "text" as const, text }]
    messages.push({ role: "assistant", content, toolCalls: [], ...(reasoning.length > 0 ? { reasoning } : {}) })
  }
  for (const { route: _, ...call } of calls) addCall(messages, call)
}

/** Calls of our own tools are in the calls of the turn. */
function isOwnCall({ type, server_label: label }: ResponseItem): boolean {
  return type === "mcp_call" && label === ownServerLabel
}

function textOf(item: ResponseItem): string[] {
  return (item["content"] as readonly { text?: string; refusal?: string }[]).map((part) => part.text ?? part.refusal ?? "")
}
