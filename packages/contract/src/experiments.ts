// Wire schemas of experiments: what one compares, how it stands, and why its weights are what they are.
import { z } from "zod"
import { feedbackNameSchema } from "./feedback.ts"
import { promptLabelSchema, promptNameSchema } from "./prompts.ts"
import { epochMs } from "./shared.ts"

export const experimentNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")
  .meta({ description: "A name: letters, digits, dot, dash, underscore; 64 at most" })
const modelName = z
  .string()
  .regex(/^[A-Za-z0-9][\w./:@-]{0,127}$/, "must be the name of a model: 1 to 128 letters, digits and . / : @ _ -")
  .meta({ description: "A model name: letters, digits and . / : @ _ -; 128 at most" })
const tag = z
  .string()
  .regex(/^[\w.:/@=-]{1,64}$/, "must be 1 to 64 letters, digits or . : / @ = _ -")
  .meta({ description: "A tag of keys: letters, digits and . : / @ = _ -; 64 at most" })
const share = z.number().min(0).max(1)

const promptOfVariant = z
  .strictObject({
    id: promptNameSchema,
    version: z.int().min(1).optional().meta({ description: "That version" }),
    label: promptLabelSchema
      .optional()
      .meta({ description: "What the label points to at each request; the version labelled production, else the highest, when absent" }),
  })
  .refine(({ version, label }) => version === undefined || label === undefined, "has a version and a label; give one of them")

const variant = z
  .strictObject({
    model: modelName.optional().meta({ description: "The model; the one that was asked for, or the prompt's, when absent" }),
    prompt: promptOfVariant.optional().meta({ description: "The prompt that is filled in, with the variables of the request" }),
    weight: z.number().min(0).max(1_000_000).default(1).meta({ description: "Its share of the subjects, beside the others' weights" }),
  })
  .refine(({ model, prompt }) => model !== undefined || prompt !== undefined, "needs a model or a prompt")

export const experimentSamplingSchema = z
  .strictObject({
    kind: z.literal("thompson").default("thompson"),
    score: feedbackNameSchema.meta({ description: "The feedback that decides: true and false, or numbers" }),
    goal: z.enum(["max", "min"]).default("max").meta({ description: "Whether more of it is better" }),
    min: share.default(0.05).meta({ description: "Least share of each variant, so that all of them go on being tried" }),
    max: share.default(1).meta({ description: "Greatest share of a variant" }),
    step: z.number().min(0.001).max(1).default(0.1).meta({ description: "By how much a share may change at once" }),
    minimumSamples: z.int().min(1).max(1_000_000).default(50).meta({ description: "Scores that each variant has before anything shifts" }),
    indifference: z.number().min(0).max(1_000_000).optional().meta({
      description:
        "Means closer than this are equally good; 0.01, or a twentieth of the spread of scores that are not from 0 to 1, when absent",
    }),
    everyMs: z
      .int()
      .min(1_000)
      .max(7 * 24 * 60 * 60 * 1000)
      .default(60_000)
      .meta({ description: "Time between two looks at the scores" }),
  })
  .meta({ id: "ExperimentSampling" })

/** Without what only the whole can tell: `experimentProblem`. */
export const experimentDefinitionSchema = z.strictObject({
  description: z.string().max(1_000).optional(),
  models: z
    .array(modelName)
    .max(64)
    .default([])
    .meta({ description: "Names of models whose requests take part, besides those for experiment/{name}; they need not exist otherwise" }),
  prompts: z
    .array(promptNameSchema)
    .max(64)
    .default([])
    .meta({ description: "Prompts whose requests take part where they name neither version nor label" }),
  subject: z
    .union([z.enum(["user", "key", "conversation", "request"]), z.strictObject({ tag })])
    .default("user")
    .meta({
      description:
        "Who stays with a variant: the end user, the key, the conversation, the key's tag that begins with {tag}:, or nobody. A request without one is drawn for itself",
    }),
  tags: z.array(tag).max(64).default([]).meta({ description: "Only keys with one of these tags take part; all of them when empty" }),
  share: share.default(1).meta({ description: "Share of the subjects that take part; the others get the control and are not counted" }),
  variants: z
    .record(experimentNameSchema, variant)
    .refine((all) => Object.keys(all).length >= 1 && Object.keys(all).length <= 16, "must have 1 to 16 variants"),
  control: experimentNameSchema.optional().meta({ description: "The variant of everybody while it is paused; the first when absent" }),
  sampling: experimentSamplingSchema
    .optional()
    .meta({ description: "Shifts the weights to the variants with better scores; they stay when absent" }),
})

/** What is wrong with a definition as a whole, and where. */
export function experimentProblem(definition: ExperimentDefinition): { path: string[]; message: string } | undefined {
  const { variants, control, sampling } = definition
  const count = Object.keys(variants).length
  if (control !== undefined && !Object.hasOwn(variants, control))
    return { path: ["control"], message: `is none of the variants ${Object.keys(variants).join(", ")}` }
  if (!Object.values(variants).some(({ weight }) => weight > 0)) return { path: ["variants"], message: "must have a weight above 0" }
  if (!sampling) return undefined
  if (count < 2) return { path: ["sampling"], message: "needs two variants or more" }
  if (sampling.min > sampling.max) return { path: ["sampling", "min"], message: `is above max (${sampling.max})` }
  if (sampling.min * count > 1) return { path: ["sampling", "min"], message: `times ${count} variants is above 1` }
  if (sampling.max * count < 1) return { path: ["sampling", "max"], message: `times ${count} variants is below 1` }
  return undefined
}

export const experimentStatuses = ["running", "paused", "promoted"] as const
const status = z
  .enum(experimentStatuses)
  .meta({ description: "paused: everybody gets the control; promoted: everybody gets the winner; neither is counted" })
const weights = z.record(z.string(), share).meta({ description: "Share of each variant; 1 together" })

const scoreSums = z.object({
  name: z.string(),
  count: z.int(),
  mean: z.number().nullable(),
  low: z.number().nullable().meta({ description: "The mean lies above this with a probability of 97.5 %" }),
  high: z.number().nullable(),
})

const variantSchema = z.object({
  name: z.string(),
  model: z.string().nullable(),
  prompt: z.object({ id: z.string(), version: z.int().nullable(), label: z.string().nullable() }).nullable(),
  declaredWeight: share.meta({ description: "As it was declared, of 1" }),
  weight: share.meta({ description: "As it is now" }),
  requests: z.int(),
  failed: z.int(),
  costMicroUsd: z.number(),
  costKnown: z.boolean(),
  latencyMs: z.number().nullable().meta({ description: "Mean of the requests that were answered" }),
  outputTokens: z.number(),
  scores: z.array(scoreSums),
  probabilityBest: z.number().nullable().meta({ description: "By the score that sampling goes by" }),
})

const logEntry = z.object({
  id: z.int(),
  at: epochMs,
  kind: z.enum(["created", "changed", "paused", "resumed", "promoted", "sampled"]),
  reason: z.string().meta({ description: "Why, in a sentence" }),
  principal: z.string().nullable().meta({ description: "null: this server" }),
  before: weights.nullable(),
  after: weights.nullable(),
  posterior: z
    .record(z.string(), z.object({ count: z.int(), mean: z.number(), probabilityBest: z.number() }))
    .nullable()
    .meta({ description: "What was known of each variant then" }),
})

const summary = {
  name: z.string(),
  description: z.string().nullable(),
  origin: z.string().meta({ description: "A place in the configuration, or api" }),
  status,
  winner: z.string().nullable(),
  weights,
  sampled: z.boolean().meta({ description: "Scores shift the weights" }),
}
export const experimentSummarySchema = z
  .object({ ...summary, models: z.array(z.string()), prompts: z.array(z.string()) })
  .meta({ id: "ExperimentSummary" })
export const experimentListSchema = z.object({ experiments: z.array(experimentSummarySchema) }).meta({ id: "ExperimentList" })
export const experimentSchema = z
  .object({
    ...summary,
    definition: z.json().meta({ description: "As it was declared" }),
    variants: z.array(variantSchema),
    sampledAt: epochMs.nullable().meta({ description: "When the scores were last looked at" }),
    log: z.array(logEntry).meta({ description: "Newest first; at most 200" }),
  })
  .meta({ id: "Experiment" })

export const experimentCreateRequestSchema = experimentDefinitionSchema.extend({ name: experimentNameSchema })
export const experimentUpdateRequestSchema = z
  .strictObject({
    status: z.enum(["running", "paused"]).optional().meta({ description: "running also takes a promotion back" }),
    weights: z
      .record(z.string(), z.number().min(0).max(1_000_000))
      .optional()
      .meta({ description: "Of every variant; sampling goes on from there" }),
    reason: z.string().min(1).max(500).optional().meta({ description: "Kept in the log" }),
  })
  .refine(({ status: next, weights: given }) => next !== undefined || given !== undefined, "must have a status or weights")
export const experimentPromoteRequestSchema = z.strictObject({
  variant: experimentNameSchema,
  reason: z.string().min(1).max(500).optional().meta({ description: "Kept in the log" }),
})
export const experimentDeletedSchema = z.object({ name: z.string(), deleted: z.literal(true) })

export type ExperimentDefinition = z.output<typeof experimentDefinitionSchema>
export type ExperimentSampling = z.output<typeof experimentSamplingSchema>
export type ExperimentStatus = (typeof experimentStatuses)[number]
export type ExperimentSummary = z.infer<typeof experimentSummarySchema>
export type ExperimentList = z.infer<typeof experimentListSchema>
export type Experiment = z.infer<typeof experimentSchema>
export type ExperimentVariant = z.infer<typeof variantSchema>
export type ExperimentLogEntry = z.infer<typeof logEntry>
export type ExperimentCreateRequest = z.input<typeof experimentCreateRequestSchema>
export type ExperimentUpdateRequest = z.infer<typeof experimentUpdateRequestSchema>
export type ExperimentPromoteRequest = z.infer<typeof experimentPromoteRequestSchema>

export const experimentRoutes = [
  { method: "GET", path: "/v1/experiments", summary: "List experiments", response: experimentListSchema },
  {
    method: "POST",
    path: "/v1/experiments",
    summary: "Begin an experiment",
    request: experimentCreateRequestSchema,
    response: experimentSchema,
    status: 201,
  },
  {
    method: "GET",
    path: "/v1/experiments/{name}",
    summary: "Read an experiment with what is known of each variant and why its weights are what they are",
    response: experimentSchema,
  },
  {
    method: "PATCH",
    path: "/v1/experiments/{name}",
    summary: "Pause or resume an experiment, or set its weights",
    request: experimentUpdateRequestSchema,
    response: experimentSchema,
  },
  {
    method: "POST",
    path: "/v1/experiments/{name}/promote",
    summary: "End an experiment: everybody gets that variant from now on",
    request: experimentPromoteRequestSchema,
    response: experimentSchema,
  },
  {
    method: "DELETE",
    path: "/v1/experiments/{name}",
    summary: "Delete an experiment that was made over the API, with its sums and its log",
    response: experimentDeletedSchema,
  },
] as const
