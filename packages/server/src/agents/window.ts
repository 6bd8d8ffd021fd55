// The items that a response's messages are made of: the context it began with and what its turns added; and where compaction may cut them.
import { unwrappedInput, type ModelContent, type ModelMessage } from "../inference/index.ts"
import { withAttachments } from "./attachments.ts"
import { callerOf } from "./chain.ts"
import { reasoningOpener } from "./kept-reasoning.ts"
import { messagesOf } from "./messages.ts"
import type { AssembledContext } from "./recalled-context.ts"
import type { Session } from "./session.ts"
import { answersCall, asksClient } from "./tool-items.ts"
import type { LabelledItem, ResponseItem } from "./types.ts"

/** The messages of the context as it is now, with what was put in of its scopes. */
export async function messagesOfWindow({ request, window, assembled, dependencies, context, tools }: Session): Promise<ModelMessage[]> {
  const plain = window.map(({ item }) => item)
  const { projectId } = context.run
  const attached = await withAttachments(dependencies.attachments, callerOf(context.run, request), plain)
  const messages = messagesOf(request.instructions, attached, reasoningOpener(dependencies.sealer, projectId), tools.flat)
  return assembled ? withContext(messages, assembled) : messages
}

/**
 * Instructions after the client's own; what stands, before the conversation; what was recalled, right before what the user said last.
 * So everything before that stays the same to the byte while nothing of it is changed, and a prompt cache holds.
 */
export function withContext(messages: readonly ModelMessage[], { instructions, standing, recalled }: AssembledContext): ModelMessage[] {
  const first = messages.findIndex(({ role }) => role !== "system")
  const head = first < 0 ? messages.length : first
  const last = messages.findLastIndex(({ role }) => role === "user")
  const turn = last < head ? messages.length : last
  return [
    ...messages.slice(0, head),
    ...said("system", instructions),
    ...said("user", standing),
    ...messages.slice(head, turn),
    ...said("user", recalled),
    ...messages.slice(turn),
  ]
}

function said(role: "system" | "user", text: string): ModelMessage[] {
  return text === "" ? [] : [{ role, content: [{ type: "text", text }] }]
}

/** Ids of what has no item of its own; the same after a restart. */
const turnPrefix = "turn:"

/** What the context and the turns since come to. Results of our own tools stand in messages alone. */
export function currentItems({ window, messages, turnsFrom, label }: Session): LabelledItem[] {
  return [...window, ...messages.slice(turnsFrom).flatMap((message) => itemsOf(message).map((item) => ({ item, label })))]
}

/** Other items in place of the context's; of what the turns added, those stay that `keeps` names, with the reasoning that belongs to them. */
export async function replaceWindow(session: Session, window: readonly LabelledItem[], keeps: (itemId: string) => boolean): Promise<void> {
  const added = session.messages.slice(session.turnsFrom).flatMap((message) => kept(message, keeps))
  session.window = window
  const messages = await messagesOfWindow(session)
  session.messages = [...messages, ...added]
  session.turnsFrom = messages.length
}

function kept(message: ModelMessage, keeps: (itemId: string) => boolean): ModelMessage[] {
  const staying = itemsOf(message).filter(({ id }) => keeps(id))
  if (message.role !== "assistant") return staying.length > 0 ? [message] : []
  if (staying.length === 0) return []
  return [{ ...message, toolCalls: message.toolCalls.filter(({ callId }) => keeps(callItemId(callId))) }]
}

/** Whether a turn added it, and it stands in messages alone. */
export function isOfTurn({ item }: LabelledItem): boolean {
  return item.id.startsWith(turnPrefix)
}

function callItemId(callId: string): string {
  return `${turnPrefix}call:${callId}`
}

/** A turn's message as items. */
export function itemsOf(message: ModelMessage): ResponseItem[] {
  const status = "completed"
  if (message.role === "tool") {
    const { callId, content } = message
    return [{ id: `${turnPrefix}result:${callId}`, type: "function_call_output", call_id: callId, output: content, status }]
  }
  if (message.role !== "assistant") return []
  const text = wordsOf(message.content)
  const said = { id: `${turnPrefix}said:${message.toolCalls[0]?.callId ?? ""}`, type: "message", role: "assistant", status }
  return [
    ...(text === "" ? [] : [{ ...said, content: [{ type: "output_text", text }] }]),
    ...message.toolCalls.map(({ callId, name, arguments: args, custom }) => ({
      id: callItemId(callId),
      call_id: callId,
      name,
      ...(custom ? { type: "custom_tool_call", input: unwrappedInput(args) } : { type: "function_call", arguments: args }),
      status,
    })),
  ]
}

/** A later answer would take them for marks of passages that were found. */
export function withoutMarks(text: string): string {
  return text.replaceAll(/ ?【\d{1,6}】/g, "")
}

/** Whether an item can be cited: it is of the conversation, and not of this turn's messages alone. */
export function isCitable(itemId: string): boolean {
  return !itemId.startsWith(turnPrefix)
}

function wordsOf(content: readonly ModelContent[]): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("")
}

/** What the model is to answer stays word for word: what the user said last, or the calls whose results have just come. */
export function cutForCompaction(items: readonly LabelledItem[]): { before: readonly LabelledItem[]; tail: readonly LabelledItem[] } {
  const at = isResult(items[items.length - 1]) ? beginOfStep(items) : beginOfSpeech(items)
  const whole = withCalls(items, at)
  return { before: items.slice(0, whole), tail: items.slice(whole) }
}

function isResult(each: LabelledItem | undefined): boolean {
  return each !== undefined && answersCall(each.item)
}

function beginOfStep(items: readonly LabelledItem[]): number {
  let at = items.length
  while (isResult(items[at - 1])) at -= 1
  const isAsked = (each: LabelledItem | undefined): boolean =>
    each !== undefined && (asksClient(each.item) || each.item.type === "reasoning")
  while (isAsked(items[at - 1])) at -= 1
  const said = items[at - 1]?.item
  return said?.type === "message" && said["role"] === "assistant" ? at - 1 : at
}

function beginOfSpeech(items: readonly LabelledItem[]): number {
  let at = items.length
  const isSaid = ({ item }: LabelledItem): boolean => item.type === "message" && item["role"] !== "assistant" && item["compacted"] !== true
  for (let last = items[at - 1]; last && isSaid(last); last = items[at - 1]) at -= 1
  return at === items.length ? Math.max(0, at - 1) : at
}

/** A result never stands without its call. */
function withCalls(items: readonly LabelledItem[], at: number): number {
  const calls = new Map(items.map(({ item }, index) => [asksClient(item) ? item["call_id"] : undefined, index]))
  return items.slice(at).reduce((first, { item }) => {
    const call = answersCall(item) ? calls.get(item["call_id"]) : undefined
    return call === undefined ? first : Math.min(first, call)
  }, at)
}
