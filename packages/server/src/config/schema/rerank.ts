// A section `rerank`: which model orders what a search finds, how long it is waited for, how much it is sent.
import { z } from "zod"
import { modelName } from "./models.ts"

export function rerankSection(description: string) {
  return z
    .strictObject({
      model: modelName.optional().meta({ description }),
      timeoutMs: z
        .int()
        .min(50)
        .max(60_000)
        .default(1_500)
        .meta({ description: "Longest wait for it; then the order stays as it was, and the answer says so" }),
      candidates: z.int().min(2).max(200).default(50).meta({ description: "How many of the best texts are sent to it" }),
    })
    .prefault({})
}
