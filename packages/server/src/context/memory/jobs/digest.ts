// Summaries without a model: the sentences of a session that say most of it, in their order, each with who said it and where.
import { countTerms } from "../../retrieval/analyze.ts"
import { sentencesOf } from "./sentences.ts"
import type { Message } from "./types.ts"

export interface Cited {
  text: string
  parents: { episodeId: string; quoteStart: number; quoteEnd: number }[]
}

const sentencesMax = 5
const charsMin = 20
const charsMax = 300

/** Undefined where there is too little to leave anything out. */
export function digestOf(messages: readonly Message[]): Cited | undefined {
  const sentences = messages.flatMap((message, position) =>
    sentencesOf(message.text)
      .filter(({ text }) => text.length >= charsMin && text.length <= charsMax)
      .map(({ text, start }) => ({ message, position, text, start, terms: countTerms(text) })),
  )
  if (sentences.length <= sentencesMax) return undefined
  const inSentences = new Map<string, number>()
  for (const { terms } of sentences) for (const term of terms.frequencies.keys()) inSentences.set(term, (inSentences.get(term) ?? 0) + 1)
  const scored = sentences.map((sentence) => ({ ...sentence, score: scoreOf(sentence.terms, inSentences) }))
  const chosen: typeof scored = []
  for (const sentence of scored.toSorted((a, b) => b.score - a.score || a.position - b.position || a.start - b.start)) {
    if (chosen.length >= sentencesMax) break
    // The same thing said twice is one sentence.
    if (!chosen.some((other) => overlap(other.terms.frequencies, sentence.terms.frequencies) > sameShare)) chosen.push(sentence)
  }
  chosen.sort((a, b) => a.position - b.position || a.start - b.start)
  return {
    text: chosen.map(({ message, text }) => `${speakerOf(message)}: ${text}`).join("\n"),
    parents: chosen.map(({ message, start, text }) => ({ episodeId: message.episodeId, quoteStart: start, quoteEnd: start + text.length })),
  }
}

const sameShare = 0.6

/** What comes up again in the session counts, what comes up everywhere in it no more; long sentences have no advantage. */
function scoreOf({ frequencies, length }: ReturnType<typeof countTerms>, inSentences: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const term of frequencies.keys()) sum += Math.log(1 + (inSentences.get(term) ?? 0))
  return length === 0 ? 0 : sum / Math.sqrt(length)
}

function overlap(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const shared = [...a.keys()].filter((term) => b.has(term)).length
  return shared / Math.max(1, Math.min(a.size, b.size))
}

/** Texts name who says so: else a page's claim becomes the user's. */
export function speakerOf({ speaker, lane }: Pick<Message, "speaker" | "lane">): string {
  if (speaker !== null) return speaker
  return { user: "The user", assistant: "The assistant", tool: "A tool" }[lane] ?? lane
}
