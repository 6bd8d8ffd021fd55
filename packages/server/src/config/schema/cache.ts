// What the configuration may say of a model's answer cache.
import { z } from "zod"

export const cacheSchema = z
  .strictObject({
    mode: z
      .enum(["exact", "semantic"])
      .default("exact")
      .meta({ description: "exact answers the same request; semantic also questions that mean the same" }),
    ttlSeconds: z.int().min(1).max(31_536_000).default(3_600).meta({ description: "Life of an answer" }),
    similarityMin: z
      .number()
      .min(0.5)
      .max(1)
      .default(0.95)
      .meta({ description: "Least cosine of two questions that mean the same; semantic mode only" }),
    scope: z
      .enum(["principal", "project", "user"])
      .default("principal")
      .meta({ description: "Who shares answers: one key, everybody in the project, or one end user" }),
    temperatureMax: z.number().min(0).max(2).default(2).meta({ description: "Warmer requests are answered anew each time" }),
  })
  .meta({ description: "Keeps answers of this model; off when absent" })
