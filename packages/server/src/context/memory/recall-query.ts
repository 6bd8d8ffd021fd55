// What a recall asks for.
import type { ReadAfter } from "../changes/read-after.ts"
import type { Lane } from "../retrieval/lanes.ts"

export const memoryLanes = ["user", "assistant", "tool", "fact", "summary"] as const satisfies Lane[]
export type MemoryLane = (typeof memoryLanes)[number]

export interface RecallQuery {
  query: string
  /** One or several; nothing is searched that is not named. */
  scopes: readonly string[]
  /** Kinds of text; all when absent. */
  lanes?: readonly MemoryLane[] | undefined
  /** What was known then; now when absent. */
  asOf?: number | undefined
  /** What held in the world then; now when absent. */
  validAt?: number | undefined
  levelMin?: number | undefined
  limit?: number | undefined
  /** Entries are added as long as their tokens fit. */
  budgetTokens?: number | undefined
  /** Whether directives of low trust come too, as data; otherwise they are only counted. */
  directives?: "withhold" | "include" | undefined
  /** Whether the best candidates are ordered anew: by the model that is named, else by the configured one, else by the bundled model's tokens. */
  rerank?: boolean | { model: string } | undefined
  /** What times that the question names do: prefer entries of then (when absent), leave out others, or nothing. */
  time?: "prefer" | "filter" | "ignore" | undefined
  /** Whose calendar the question means, as IANA names it; UTC when absent. */
  timeZone?: string | undefined
  /** Whether facts come too about people and things that the best entries speak of; not when absent. */
  hop?: boolean | undefined
  /** How words and vectors are weighed against each other; as their space has it when absent. */
  weights?: { words: number; vectors: number } | undefined
  /** How much entries that are like better ones give way to others, 0 to 1; not at all when absent. */
  diversity?: number | undefined
  /** Texts that the reader has before it anyway: what they say already is left out. */
  shown?: readonly string[] | undefined
  /** Wait until these changes of the scopes are committed. */
  readAfter?: ReadAfter | undefined
  /** How long the embedding of the question is waited for, before it is searched by words alone; `questionEmbedMsMax` when absent. */
  embedWaitMs?: number | undefined
  /** Tell of candidates that were left out, and why. */
  explain?: boolean | undefined
  /** The run that is given the entries: it is remembered that they influenced it. */
  runId?: string | undefined
}
