// The section `memory`: what is derived from what was remembered, by which model, and when.
import { z } from "zod"
import { callsSection } from "./memory-calls.ts"
import { modelName } from "./models.ts"
import { rerankSection } from "./rerank.ts"

export const memorySection = {
  memory: z
    .strictObject({
      ...callsSection,
      extraction: z
        .strictObject({
          enabled: z.boolean().default(true).meta({ description: "Read facts out of what users say; without a model, by rules" }),
          model: modelName.optional().meta({ description: "A chat model that reads facts out of messages; rules alone when absent" }),
          budgetUsdPerDay: z
            .number()
            .min(0)
            .max(1_000_000)
            .default(1)
            .meta({ description: "What models may cost for one scope per UTC day, unless the scope has a budget of its own; rules go on" }),
          callsPerDay: z.int().min(0).max(1_000_000).default(1_000).meta({ description: "Calls of models for one scope per UTC day" }),
        })
        .prefault({}),
      consolidation: z
        .strictObject({
          model: modelName.optional().meta({ description: "A chat model that writes summaries of sessions; quoted sentences when absent" }),
          afterFacts: z
            .int()
            .min(1)
            .max(10_000)
            .default(20)
            .meta({ description: "New facts of a scope after which its profiles are made anew" }),
          quietSeconds: z.int().min(1).max(86_400).default(60).meta({ description: "Or after so long without a write" }),
        })
        .prefault({}),
      rerank: rerankSection("A reranking model that orders what recalls find; the bundled model's token vectors when absent"),
      sessionGapMinutes: z.int().min(1).max(10_080).default(30).meta({ description: "A session without a message for so long has ended" }),
      claimDays: z
        .int()
        .min(1)
        .max(36_500)
        .default(30)
        .meta({ description: "Claims of the lowest trust (pages, tools, models) lapse after so long unless somebody confirms them" }),
      retentionGraceDays: z
        .int()
        .min(0)
        .max(36_500)
        .default(0)
        .meta({ description: "How long what a scope's retention has ended keeps its text, which questions about the past can still find" }),
    })
    .prefault({}),
}
