// `perdure/extractive`: a deterministic responder that quotes what it was given, calls tools whose arguments it can read, and says what it is.
import type { Clock, NewId } from "../../../core/index.ts"
import type { Embed, ModelCall, ModelEvent } from "../../types.ts"
import { quoteAnswer } from "./quoting.ts"
import { readCall, type Reading } from "./reading.ts"
import { selectQuotes } from "./relevance.ts"
import { respond, type Answer } from "./respond.ts"
import { rememberVectors } from "./remembered-vectors.ts"
import { asksWhoItIs, introduction, isSmallTalk, nothingFound } from "./speech.ts"
import { fillSchema, schemaAsked } from "./structured.ts"
import { chooseTool, searchTool, type ToolPlan } from "./tool-choice.ts"
import type { NativeModel } from "./types.ts"

export interface ExtractiveOptions {
  embed: Embed
  countTokens: (text: string) => number
  newId: NewId
  clock: Clock
  /** Pause after each word; 0 when absent. */
  wordDelayMs?: number
}

export function createExtractive({
  embed,
  countTokens,
  newId,
  clock,
  wordDelayMs = 0,
}: ExtractiveOptions): NativeModel & Required<Pick<NativeModel, "chat">> {
  const remembered = rememberVectors(embed)
  async function* chat(call: ModelCall, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    signal.throwIfAborted()
    const answer = await answerTo(call, { embed: remembered, now: clock.now() }, signal)
    yield* respond(call, answer, { countTokens, newId, wordDelayMs }, signal)
  }
  return { deployment, chat, countTokens }
}

const deployment = {
  id: "perdure/extractive",
  provider: "embedded",
  dialect: "native",
  baseUrl: null,
  apiKey: null,
  upstreamModel: "extractive",
  does: { chat: true, embeddings: false },
  contextTokensMax: null,
  origin: "built in",
} as const

export interface Means {
  embed: Embed
  /** Wall clock, for dates such as "tomorrow". */
  now: number
}

/** Tools first, then what can be quoted, then a search that could find something to quote, then the plain truth. */
async function answerTo(call: ModelCall, means: Means, signal: AbortSignal): Promise<Answer> {
  const reading = readCall(call)
  const plan = await chooseTool(call, reading, means, signal)
  if (plan?.kind === "call") return asAnswer(plan)
  const schema = schemaAsked(call.responseFormat)
  if (schema) return fillSchema(schema, reading, means, signal)
  if (asksWhoItIs(reading.question)) return say(introduction)
  if (reading.results.length === 0 && isSmallTalk(reading.request)) return say(introduction)
  return quoteOrSearch(call, reading, plan, means, signal)
}

/** What is given answers before a tool is asked about whose arguments are missing. */
async function quoteOrSearch(
  call: ModelCall,
  reading: Reading,
  plan: ToolPlan | undefined,
  means: Means,
  signal: AbortSignal,
): Promise<Answer> {
  const quotes = await selectQuotes(reading.question, reading.sources, means.embed, signal)
  if (quotes.length > 0 || reading.results.length > 0) return { kind: "text", parts: quoteAnswer(quotes, reading) }
  if (plan) return asAnswer(plan)
  const search = searchTool(call, reading)
  return search ? asAnswer(search) : say(nothingFound(reading.sources))
}

function asAnswer(plan: ToolPlan): Answer {
  if (plan.kind === "ask") return say(plan.text)
  return { kind: "tools", calls: plan.calls.map(({ name, arguments: value }) => ({ name, arguments: JSON.stringify(value) })) }
}

function say(text: string): Answer {
  return { kind: "text", parts: [{ text, citation: null }] }
}
