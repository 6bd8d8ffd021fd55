// The section `guards`: the built-in redactor and moderation, and guards of the application's code.
import { z } from "zod"

/** What the redactor of security knows; of two kinds that begin at the same place the earlier wins. */
export const redactedEntities = ["secret", "iban", "card", "email", "ip", "phone"] as const

const name = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
  .meta({ description: "a name: letters, digits, dot, dash, underscore; 64 at most" })

const names = z.array(z.string().min(1).max(200)).max(1_000)

/** Kinds of calls that guards stand around. */
const guardedEndpoints = ["chat", "messages", "responses", "embeddings", "images", "audio", "rerank", "realtime"] as const

const when = z
  .strictObject({
    models: names.optional().meta({ description: "Names of models; * at the end matches any ending" }),
    keys: names.optional().meta({ description: "Ids of keys" }),
    tags: names.optional(),
    endpoints: z
      .array(z.enum(guardedEndpoints))
      .min(1)
      .optional()
      .meta({ description: "Kinds of calls, by the first word of their routes" }),
  })
  .prefault({})
  .meta({ description: "Calls that the guard applies to; all when empty" })

const common = {
  name,
  when,
  on: z
    .array(z.enum(["request", "answer"]))
    .min(1)
    .default(["request"])
    .meta({ description: "What is looked at" }),
  routeTo: z.string().min(1).max(128).optional().meta({ description: "The model that a request goes to instead, for action: route" }),
}

const redactSchema = z.strictObject({
  type: z.literal("redact"),
  ...common,
  action: z.enum(["redact", "block", "route"]).default("redact"),
  entities: z
    .array(z.enum(redactedEntities))
    .default([...redactedEntities])
    .meta({ description: "Built-in kinds; all when absent" }),
  patterns: z
    .array(
      z.strictObject({
        kind: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/),
        regex: z.string().min(1).max(2_000),
        ignoreCase: z.boolean().default(false),
        charsMax: z
          .int()
          .min(1)
          .max(4_096)
          .default(128)
          .meta({ description: "Longest text that it looks at; streams are held back by so much" }),
      }),
    )
    .max(100)
    .default([]),
  restore: z.boolean().default(false).meta({ description: "The answer gets back what was taken out of its request" }),
})

const moderateSchema = z.strictObject({
  type: z.literal("moderate"),
  ...common,
  action: z.enum(["block", "route"]).default("block"),
  model: z.string().min(1).max(128).meta({ description: "A model for moderation, or one that chats and is asked for a verdict in JSON" }),
  scoreMax: z
    .record(z.string(), z.number().min(0).max(1))
    .optional()
    .meta({ description: "Highest score by category; the model's own verdict counts when absent" }),
  failOpen: z.boolean().default(false).meta({ description: "Calls pass while the model cannot be asked" }),
  holdBackChars: z.int().min(50).max(100_000).default(500).meta({ description: "Characters of a streamed answer that are held back" }),
})

const customSchema = z.looseObject({
  type: z.literal("custom"),
  name,
  when,
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  filter: z.unknown().optional(),
})

export const guardSection = {
  guards: z
    .array(z.discriminatedUnion("type", [redactSchema, moderateSchema, customSchema]))
    .max(100)
    .default([])
    .meta({ description: "What judges or rewrites requests and answers, in this order; defineGuard in perdure.config.ts adds own ones" }),
}

export type ParsedGuard = z.output<(typeof guardSection)["guards"]>[number]
