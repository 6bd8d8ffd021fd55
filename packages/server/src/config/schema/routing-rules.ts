// The section `routingRules`: which requests go to another model than the one that they ask for, by what they say.
import { z } from "zod"
import { modelName, modelPattern } from "./models.ts"

/** Kinds of calls that rules look at. */
const ruledEndpoints = ["chat", "completions", "messages", "responses", "embeddings", "images", "audio", "moderations", "rerank"] as const

const scalar = z.union([z.string().max(500), z.number(), z.boolean()])
const values = z.union([scalar, z.array(scalar).min(1).max(1_000)])

const conditionSchema = z
  .union([
    values,
    z.strictObject({
      not: values.optional().meta({ description: "Neither this nor any of these; also what is absent" }),
      matches: z
        .string()
        .min(1)
        .max(1_000)
        .optional()
        .meta({ description: "A regular expression of JavaScript, which fits anywhere in it" }),
      above: z.number().optional(),
      atLeast: z.number().optional(),
      below: z.number().optional(),
      atMost: z.number().optional(),
      present: z.boolean().optional(),
    }),
  ])
  .meta({ description: "a value, a list of which one must fit, or an object with not, matches, above, atLeast, below, atMost, present" })

export type RuleCondition = z.output<typeof conditionSchema>

const conditions = z.record(z.string().min(1).max(200), conditionSchema)
const names = z.array(z.string().min(1).max(200)).min(1).max(1_000)

const ruleSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
    .meta({ description: "a name: letters, digits, dot, dash, underscore; 64 at most" }),
  when: z
    .strictObject({
      models: z
        .array(modelPattern)
        .min(1)
        .max(1_000)
        .optional()
        .meta({ description: "Names that requests ask for; one * stands for any of it" }),
      endpoints: z
        .array(z.enum(ruledEndpoints))
        .min(1)
        .optional()
        .meta({ description: "Kinds of calls, by the first word of their routes" }),
      keys: names.optional().meta({ description: "Ids of keys" }),
      tags: names.optional().meta({ description: "Tags of keys, of which one must be there" }),
      user: conditionSchema.optional().meta({ description: "The end user: of the key, else the one that the request names" }),
      headers: conditions.optional().meta({ description: "Of the request, by name" }),
      metadata: conditions.optional().meta({
        description: "What the request says in perdure.metadata, in the header x-perdure-metadata or in its metadata, by name",
      }),
      parameters: conditions.optional().meta({ description: "Of the request's body, by name: max_tokens, stream, …" }),
    })
    .prefault({})
    .meta({ description: "Which requests: all of what is said must fit" }),
  to: modelName.meta({ description: "The model that answers them" }),
})

export const routingRuleSection = {
  routingRules: z.array(ruleSchema).max(1_000).default([]).meta({
    description: "Which requests go to another model than the one that they ask for; the first that fits, and whose model the key may use",
  }),
}

export type ParsedRoutingRule = z.output<typeof ruleSchema>
