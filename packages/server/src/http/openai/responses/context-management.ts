// `context_management` of a response: what is done when its context has grown too long.
import { z } from "zod"
import type { ContextWish } from "../../../agents/index.ts"

/** OpenAI's own least. */
const thresholdTokensMin = 1_000
/** Room for most models of today. */
const thresholdTokensDefault = 100_000

const compaction = z
  .looseObject({ type: z.literal("compaction"), compact_threshold: z.int().min(thresholdTokensMin).nullish() })
  .transform(({ compact_threshold: threshold }) => ({ threshold_tokens: threshold ?? thresholdTokensDefault }))

export const contextManagement = z.array(z.discriminatedUnion("type", [compaction])).transform((entries): ContextWish | undefined => {
  const [first] = entries
  return first && { compaction: first }
})
