// `truncation`: what does not fit the model's context window is refused, or the oldest of it is left out, with each call its result.
import { AppError, type JsonObject } from "../core/index.ts"
import { shownMessages } from "./edit-turn.ts"
import { declaredTools, inputCall } from "./input-call.ts"
import type { Session } from "./session.ts"
import { answersCall, asksClient } from "./tool-items.ts"
import type { LabelledItem } from "./types.ts"
import { currentItems, cutForCompaction, replaceWindow } from "./window.ts"

/** The least and the most that deployments of a model take; undefined where it is not known of all. */
export type ContextWindowOf = (model: string) => { readonly leastTokens: number; readonly mostTokens: number } | undefined

/** Before a turn. After a restart what the attempt before left out is left out again, and no more. */
export async function fitBeforeTurn(session: Session, turn: number): Promise<void> {
  const { context, request, dependencies } = session
  const known = dependencies.contextWindowOf?.(request.model)
  if (!known) return
  const of = (type: string): JsonObject | undefined =>
    context.history.find((event) => event.type === type && (event.data as JsonObject)["turn"] === turn)?.data as JsonObject | undefined
  const before = of("context.truncated")
  if (before) return leaveOut(session, new Set((before["dropped"] as readonly { id: string }[]).map(({ id }) => id)))
  if (of("turn.started")) return
  if (request.truncation === "auto") return dropOldest(session, turn, known.leastTokens)
  const tokens = await tokensAtMost(session, known.mostTokens)
  if (tokens > known.mostTokens) throw tooLong(request.model, tokens, known.mostTokens, 'Shorten it, or ask with truncation: "auto".')
}

/** Every token has a character at least of what is sent, so what is short need not be counted. */
async function tokensAtMost(session: Session, enough: number): Promise<number> {
  const { request, dependencies, context, tools } = session
  const { messages } = shownMessages(session)
  const declared = declaredTools(tools, dependencies.quotesPassages(request.model))
  const bytes = Buffer.byteLength(JSON.stringify(messages)) + Buffer.byteLength(JSON.stringify(declared))
  if (bytes <= enough) return bytes
  return (await dependencies.countTokens(inputCall(request, messages, declared), context.signal)).tokens
}

/** Each time what is over is dropped by its share of the characters; what is left is counted again, as shares are estimates. */
async function dropOldest(session: Session, turn: number, windowTokens: number): Promise<void> {
  const { request, context } = session
  const room = windowTokens - Math.min(request.max_output_tokens ?? 0, windowTokens / 2)
  const dropped: { id: string; type: string }[] = []
  const tokensBefore = await tokensAtMost(session, room)
  for (let tokens = tokensBefore; tokens > room; tokens = await tokensAtMost(session, room)) {
    const items = currentItems(session)
    const gone = oldest(items, 1 - room / tokens)
    if (gone.length === 0)
      throw tooLong(request.model, tokens, room, "What cannot be left out is too long: the instructions, the tools, or what was said last.")
    dropped.push(...gone.map(({ item: { id, type } }) => ({ id, type })))
    await leaveOut(session, new Set(gone.map(({ item }) => item.id)))
  }
  if (dropped.length === 0) return
  context.emit("context.truncated", { turn, tokens: tokensBefore, windowTokens, dropped }, { label: session.label })
}

function leaveOut(session: Session, ids: ReadonlySet<string>): Promise<void> {
  const window = session.window.filter(({ item }) => !ids.has(item.id))
  return replaceWindow(session, window, (id) => !ids.has(id))
}

/** At least that share of what may go, from the oldest on. What operators say, summaries of what is gone already, and what is to be answered stay. */
function oldest(items: readonly LabelledItem[], share: number): readonly LabelledItem[] {
  const { before } = cutForCompaction(items)
  const mayGo = before.filter(({ item }) => item["compacted"] !== true && !(item.type === "message" && isOperator(item["role"])))
  const total = items.reduce((sum, { item }) => sum + JSON.stringify(item).length, 0)
  const gone = new Set<LabelledItem>()
  const calls = new Set<unknown>()
  let characters = 0
  for (const each of mayGo) {
    const { item } = each
    const isPartner = answersCall(item) && calls.has(item["call_id"])
    if (characters >= total * share && !isPartner) continue
    gone.add(each)
    characters += JSON.stringify(item).length
    if (asksClient(item)) calls.add(item["call_id"])
  }
  return [...gone]
}

function isOperator(role: unknown): boolean {
  return role === "system" || role === "developer"
}

function tooLong(model: string, tokens: number, windowTokens: number, hint: string): AppError {
  return new AppError(
    "context_length_exceeded",
    `Your input exceeds the context window of this model: "${model}" takes ${windowTokens} tokens, and the input has ${tokens}`,
    { param: "input", hint },
  )
}
