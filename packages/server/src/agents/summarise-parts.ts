// A conversation larger than the window of the model that summarises it: part by part, each together with the summary of what stands before it.
import { addUsage, noUsage } from "../inference/index.ts"
import { summarise, UnusableSummary, type CountTokens, type Spent, type SummariseDependencies, type SummaryAsked } from "./summarise.ts"
import type { ContextWindowOf } from "./truncate-turn.ts"

export interface SummarisePartsDependencies extends SummariseDependencies {
  readonly countTokens: CountTokens
  readonly contextWindowOf?: ContextWindowOf | undefined
}

/** Of a window: room for the summary that is written. What was written of the parts before is counted. */
const answerShare = 1 / 8
const answerTokensMax = 8_192
/** Our own instructions, and what stands around the texts. */
const taskTokens = 450
/** Parts so small would say nothing beside the summary that goes with each of them. */
const partTokensMin = 200

/** In one call where it fits, and where nobody knows the window. */
export async function summariseAll(dependencies: SummarisePartsDependencies, asked: SummaryAsked): Promise<string> {
  const window = dependencies.contextWindowOf?.(asked.call.model)?.leastTokens
  if (window === undefined) return summarise(dependencies, asked)
  const room = await roomIn(dependencies, asked, window)
  let rest = asked.transcript
  let before = ""
  do {
    const left = room - (before === "" ? 0 : await tokensOf(dependencies, asked, before, room))
    const part = await partThatFits(dependencies, asked, rest, left)
    before = await summarisePart(dependencies, { ...asked, transcript: part.text, before })
    rest = part.rest
  } while (rest !== "")
  return before
}

async function summarisePart(dependencies: SummarisePartsDependencies, asked: SummaryAsked): Promise<string> {
  const spent: Spent = { usage: noUsage, deployment: undefined }
  try {
    return await summarise(dependencies, { ...asked, spent })
  } finally {
    asked.spent.usage = addUsage(asked.spent.usage, spent.usage)
    asked.spent.deployment = spent.deployment ?? asked.spent.deployment
  }
}

/** What a window has left for the conversation. */
async function roomIn(dependencies: SummarisePartsDependencies, asked: SummaryAsked, window: number): Promise<number> {
  const around = `${asked.held ?? ""}${asked.wanted ?? ""}`
  const taken = around === "" ? 0 : await tokensOf(dependencies, asked, around, partTokensMin)
  return Math.floor(window - Math.min(answerTokensMax, window * answerShare) - taskTokens - taken)
}

/** A token has a byte at least, so what is short is not counted. */
async function tokensOf(
  { countTokens }: SummarisePartsDependencies,
  { call, signal }: SummaryAsked,
  text: string,
  enough: number,
): Promise<number> {
  const bytes = Buffer.byteLength(text)
  if (bytes <= enough) return bytes
  const messages = [{ role: "user", content: [{ type: "text", text }] }] as const
  return (await countTokens({ ...call, tools: [], passages: [], messages }, signal)).tokens
}

interface Part {
  text: string
  rest: string
}

async function partThatFits(dependencies: SummarisePartsDependencies, asked: SummaryAsked, text: string, room: number): Promise<Part> {
  let part: Part = { text, rest: "" }
  for (;;) {
    const tokens = await tokensOf(dependencies, asked, part.text, room)
    if (tokens <= room) return part
    if (room < partTokensMin) throw tooSmall(asked.call.model)
    part = headOf(text, Math.floor(part.text.length * (room / tokens) * estimateShare))
    if (part.text.length < partTokensMin) throw tooSmall(asked.call.model)
  }
}

/** Not all of a text has as many characters a token. */
const estimateShare = 0.95

/** At most so many characters, to the end of a paragraph where there is one; a paragraph that is cut goes on under its mark. */
function headOf(text: string, characters: number): Part {
  const end = text.lastIndexOf("\n\n【", characters)
  if (end > 0) return { text: text.slice(0, end), rest: text.slice(end + 2) }
  const isPair = /[\uD800-\uDBFF]/.test(text.charAt(characters - 1))
  const at = isPair ? characters - 1 : characters
  const mark = /^【\d+】/.exec(text)?.[0] ?? ""
  return { text: text.slice(0, at), rest: `${mark} … ${text.slice(at)}` }
}

function tooSmall(model: string): UnusableSummary {
  return new UnusableSummary(
    `The window of "${model}" has no room for a part of the conversation beside the summary of what stands before it`,
    "Use a model with a larger window.",
  )
}
