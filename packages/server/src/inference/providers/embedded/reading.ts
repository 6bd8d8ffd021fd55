// Reads a model call as the extractive responder needs it: what is asked, and which texts may be quoted as an answer.
import type { ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage } from "../../message-types.ts"
import { withoutFences, type FencedPiece } from "./fenced.ts"
import { sentencesOf } from "./sentences.ts"

/** A text that may be quoted. */
export interface Source {
  kind: "passage" | "fenced" | "tool" | "user" | "instructions"
  /** How the answer names it: a file's name, a tool's name, "you". */
  name: string
  text: string
  /** Only passages can be cited. */
  citation: { fileId: string; filename: string } | null
}

export interface ToolResult {
  name: string
  content: string
}

export interface Reading {
  /** The last user message, whole. */
  request: string
  /** The part of it that asks. */
  question: string
  sources: Source[]
  /** Results that came after the last user message, oldest first. */
  results: ToolResult[]
  /** Tools that were called after the last user message, oldest first. */
  called: string[]
}

/** Characters that are looked at for one answer, the nearest texts first: it must not hold up the server. */
export const charsReadMax = 200_000

export function readCall(given: ModelCall): Reading {
  const { messages, pieces } = withoutFences(given.messages)
  const call = { ...given, messages }
  const lastUser = call.messages.findLastIndex((message) => message.role === "user")
  const request = (lastUser < 0 ? "" : textOf(call.messages[lastUser])).slice(0, charsReadMax)
  const { question, told } = questionIn(request)
  const since = call.messages.slice(lastUser + 1)
  const names = toolNames(call.messages)
  const results = since.flatMap((message) =>
    message.role === "tool" ? [{ name: names.get(message.callId) ?? "the tool", content: message.content }] : [],
  )
  const called = since.flatMap((message) => (message.role === "assistant" ? message.toolCalls.map((each) => each.name) : []))
  return {
    request,
    question,
    sources: [...passagesOf(call), ...fencedOf(pieces), ...toolSources(results), ...toldSources(call, lastUser, told)],
    results,
    called,
  }
}

export function textOf(message: ModelMessage | undefined): string {
  if (!message) return ""
  return message.role === "tool" ? message.content : textOfContent(message.content)
}

export function textOfContent(content: readonly ModelContent[]): string {
  return content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n")
}

/** Chunks of one file in the order of their retrieval. */
function passagesOf(call: ModelCall): Source[] {
  return call.passages.map(({ text, fileId, filename }) => ({ kind: "passage", name: filename, text, citation: { fileId, filename } }))
}

/** What was recalled for the call or put into it from a file, in the order in which it stands there. */
function fencedOf(pieces: readonly FencedPiece[]): Source[] {
  return pieces.map(({ name, text }) => ({ kind: "fenced", name, text, citation: null }))
}

function toolSources(results: readonly ToolResult[]): Source[] {
  return results.map(({ name, content }) => ({ kind: "tool", name, text: content, citation: null }))
}

/** What people and the operator said earlier, and what the last message tells beside its question. */
function toldSources(call: ModelCall, lastUser: number, told: string): Source[] {
  const earlier = call.messages.slice(0, Math.max(lastUser, 0))
  const sources: Source[] = []
  if (told !== "") sources.push({ kind: "user", name: "you", text: told, citation: null })
  let left = charsReadMax
  for (const message of earlier.toReversed()) {
    const text = textOf(message).slice(0, left)
    left -= text.length
    const source = toldSource(message, text)
    if (source && source.text.trim() !== "") sources.push(source)
  }
  return sources
}

function toldSource(message: ModelMessage, text: string): Source | undefined {
  if (message.role === "assistant") return undefined
  if (message.role === "tool") return { kind: "tool", name: "an earlier tool result", text, citation: null }
  if (message.role === "user") return { kind: "user", name: "you", text: statementsIn(text), citation: null }
  return { kind: "instructions", name: "the instructions", text: factsIn(text), citation: null }
}

function toolNames(messages: readonly ModelMessage[]): Map<string, string> {
  return new Map(
    messages.flatMap((message) => (message.role === "assistant" ? message.toolCalls : [])).map((each) => [each.callId, each.name]),
  )
}

const asks = /\?["”’)\s]*$/u
const instructs =
  /^(?:please\s+)?(?:summari[sz]e|tell|explain|list|find|give|describe|show|name|extract|quote|answer|compare|translate|write|tl;?dr|who|what|when|where|why|how|which|is|are|does|do|did|can)\b/iu

/** Splits a message into the sentences that ask and those that tell. A message of one sentence only asks. */
function questionIn(request: string): { question: string; told: string } {
  const sentences = sentencesOf(request)
  if (sentences.length <= 1) return { question: request.trim(), told: "" }
  const questions = sentences.filter(({ text }) => asks.test(text))
  const asking = questions.length > 0 ? questions : sentences.filter(({ text }) => instructs.test(text)).slice(0, 1)
  const chosen = asking.length > 0 ? asking : sentences.slice(-1)
  const told = cutOut(request, chosen)
  return { question: chosen.map(({ text }) => text).join(" "), told }
}

/** The request with the chosen sentences blanked, so that what is left can be quoted verbatim. */
function cutOut(text: string, spans: readonly { start: number; end: number }[]): string {
  let rest = ""
  let at = 0
  for (const { start, end } of spans) {
    rest += `${text.slice(at, start)}\n\n`
    at = end
  }
  return (rest + text.slice(at)).trim()
}

function statementsIn(text: string): string {
  return cutOut(
    text,
    sentencesOf(text).filter((sentence) => asks.test(sentence.text) || instructs.test(sentence.text)),
  )
}

const directive =
  /^(?:you\b|your\b|always|never|do not|don't|answer|respond|reply|use|be\b|if (?:the user|you)|when (?:the user|you)|only|please|act|help|keep|follow|make sure|avoid|think|today)/iu

/** Instructions tell the model what to do; facts among them may be quoted. */
function factsIn(text: string): string {
  return cutOut(
    text,
    sentencesOf(text).filter((sentence) => directive.test(sentence.text)),
  )
}
