// `context_management` of a response: what is done when its context has grown too long.
import { z } from "zod"
import type { ContextWish } from "../../../agents/index.ts"
import type { ContextEdit } from "../../../inference/index.ts"
import { contextEditSchema } from "../../anthropic/context-management.ts"

/** OpenAI's own least. */
const thresholdTokensMin = 1_000
/** Room for most models of today. */
const thresholdTokensDefault = 100_000

const compaction = z
  .looseObject({ type: z.literal("compaction"), compact_threshold: z.int().min(thresholdTokensMin).nullish() })
  .transform(({ type, compact_threshold: threshold }) => ({ type, threshold_tokens: threshold ?? thresholdTokensDefault }))

/** Of OpenAI's words, and those of Anthropic's edits. */
export const contextManagement = z
  .array(z.discriminatedUnion("type", [compaction, ...contextEditSchema.options]))
  .transform((entries): ContextWish | undefined => {
    if (entries.length === 0) return undefined
    const compacts = entries.find((entry) => entry.type === "compaction")
    const edits = entries.filter((entry): entry is ContextEdit => entry.type !== "compaction")
    const wish = { compaction: compacts ? { threshold_tokens: compacts.threshold_tokens } : null, edits, recall: false }
    return wish as unknown as ContextWish // plain JSON
  })
