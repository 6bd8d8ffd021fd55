// What the configuration may say of a model: its deployments, its other names, what stands in for it, where it may be served.
import { z } from "zod"
import { priceSchema } from "./prices.ts"
import { cacheSchema } from "./cache.ts"
import { headersSchema } from "./headers.ts"
import { parameterFields } from "./parameters.ts"
import { failureFields } from "./retry.ts"

const name = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
  .meta({ description: "a name: letters, digits, dot, dash, underscore; 64 at most" })
export const modelName = z
  .string()
  .regex(/^[A-Za-z0-9][\w./:@-]{0,127}$/)
  .meta({ description: "a model name: letters, digits and . / : @ _ -; 128 at most" })
export const modelPattern = z
  .string()
  .regex(/^(?=.{1,128}$)[A-Za-z0-9][\w./:@-]*(?:\*[\w./:@-]*)?$/)
  .meta({ description: "a model name: letters, digits and . / : @ _ -; 128 at most; one * stands for any of them" })

const word = z
  .string()
  .regex(/^[\w.:-]{1,64}$/)
  .meta({ description: "letters, digits and . : _ -; 64 at most" })
export const region = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .meta({ description: "a region such as eu or us-east-1; eu stands for all that begin with eu-" })
const milliseconds = z
  .int()
  .min(1)
  .max(24 * 60 * 60 * 1000)
const perMinute = z.int().min(1).max(1_000_000_000)
const does = z.boolean().default(false)

const timeoutsSchema = z
  .strictObject({
    connectMs: milliseconds.optional(),
    firstTokenMs: milliseconds.optional(),
    idleMs: milliseconds.optional().meta({ description: "Between two chunks" }),
    totalMs: milliseconds
      .optional()
      .meta({ description: "To the end of the answer, however long it streams; another deployment is asked then" }),
  })
  .meta({ description: "Longest waits of one attempt, in place of the limits of the same names" })

const deploymentSchema = z
  .strictObject({
    provider: name.optional().meta({ description: "a name of providers, perdure for what runs in this process, or a discovered one" }),
    model: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: "the model's name at the provider; * for what a pattern's * stood for" }),
    price: priceSchema.optional(),
    does: z
      .strictObject({
        chat: does,
        embeddings: does,
        images: does,
        speech: does,
        transcription: does,
        moderation: does,
        rerank: does,
        realtime: does,
      })
      .optional()
      .meta({ description: "What it is for; chat when absent" }),
    dialect: z
      .enum(["chat", "responses"])
      .optional()
      .meta({ description: "How an OpenAI-like provider is called; chat completions when absent, Responses for models that need it" }),
    contextTokensMax: z.int().min(1).max(100_000_000).optional().meta({ description: "Longest context that it takes" }),
    gguf: z.string().min(1).optional().meta({ description: "path of a GGUF file to run in this process, instead of provider and model" }),
    weight: z
      .number()
      .min(0)
      .max(1_000_000)
      .default(1)
      .meta({ description: "Its share of the calls within its priority; 0: only when no other can" }),
    priority: z.int().min(0).max(1_000).default(0).meta({ description: "Lower ones are tried first" }),
    tags: z.array(word).max(64).default([]),
    region: region.optional().meta({ description: "Where it computes; its provider's when absent" }),
    limits: z
      .strictObject({
        requestsPerMinute: perMinute.optional(),
        tokensPerMinute: perMinute.optional(),
        concurrent: z
          .int()
          .min(1)
          .max(1_000_000)
          .optional()
          .meta({ description: "Calls at once; learned from signs of overload when absent" }),
      })
      .optional()
      .meta({ description: "What the provider lets it do; at a limit it is passed over" }),
    timeouts: timeoutsSchema.optional(),
    ...failureFields,
    ...parameterFields,
    headers: headersSchema.optional().meta({ description: "Further headers of its requests, over those of its provider" }),
    probe: z
      .boolean()
      .optional()
      .meta({ description: "Ask from time to time whether it is there, never by a call of the model; true for model servers when absent" }),
  })
  .check((context) => {
    const { provider, model, gguf } = context.value
    if (gguf !== undefined) return
    for (const [key, value] of Object.entries({ provider, model }))
      if (value === undefined) context.issues.push({ code: "custom", path: [key], message: "required but missing", input: context.value })
  })

const modelSchema = z.strictObject({
  deployments: z.array(deploymentSchema).min(1).max(256),
  aliases: z.array(modelName).max(64).default([]).meta({ description: "Other names that clients may ask for" }),
  regions: z
    .array(region)
    .min(1)
    .max(64)
    .optional()
    .meta({ description: "The only regions in which it may be served, by its fallbacks too; never relaxed" }),
  fallbacks: z
    .array(modelName)
    .max(16)
    .default([])
    .meta({ description: "Models that are asked, in this order, when no deployment of this one can answer" }),
  contextFallbacks: z
    .array(modelName)
    .max(16)
    .default([])
    .meta({ description: "Models that are asked when a conversation is too long for this one" }),
  contentFallbacks: z
    .array(modelName)
    .max(16)
    .default([])
    .meta({ description: "Models that are asked, in this order, when a provider's content filter refuses the request or its answer" }),
  sort: z
    .enum(["price", "latency", "throughput"])
    .optional()
    .meta({ description: "What decides within a priority in place of weights, unless the request says" }),
  hedge: z
    .strictObject({ afterMs: milliseconds })
    .optional()
    .meta({ description: "A second attempt on another deployment when no first token has come for so long" }),
  timeouts: timeoutsSchema.optional(),
  ...failureFields,
  ...parameterFields,
  cache: cacheSchema.optional(),
})

export const modelsSchema = z.record(modelPattern, modelSchema).default({})
