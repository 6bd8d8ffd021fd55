// What the configuration may say of the parameters of requests: values in place of missing ones, values in place of all, and which are left out.
import { z } from "zod"

const penalty = z.number().min(-2).max(2).optional()
const text = z.string().min(1).max(256)
const count = z.int().min(1).max(100_000_000).optional()

/** Those that every dialect is told in its own words; others go to the provider under their own name. */
const known = {
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  max_tokens: count.meta({ description: "Of the answer; max_completion_tokens where the provider calls it so" }),
  max_completion_tokens: count.meta({ description: "The same as max_tokens" }),
  seed: z.int().optional(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(4)]).optional(),
  presence_penalty: penalty,
  frequency_penalty: penalty,
  reasoning_effort: z.string().min(1).max(64).optional().meta({ description: "none, minimal, low, medium, high, …" }),
  dimensions: count.meta({ description: "Of embeddings" }),
  voice: z
    .union([text, z.looseObject({ id: text })])
    .optional()
    .meta({ description: "Of speech, as the provider calls it" }),
  language: text.optional().meta({ description: "Of speech and transcripts, such as de" }),
  size: text.optional().meta({ description: "Of pictures, such as 1024x1024" }),
  quality: text.optional().meta({ description: "Of pictures" }),
}

function parametersSchema(about: string) {
  return z.object(known).catchall(z.unknown().meta({ description: `${about} Other names than these go to the provider as they are` }))
}

const defaults = parametersSchema("Of requests that do not say it themselves.")
const overrides = parametersSchema("In place of what a request says.")

export type ParametersInput = z.output<typeof defaults>

const name = z
  .string()
  .regex(/^[A-Za-z_][\w.-]{0,63}$/)
  .meta({ description: "the name of a parameter: letters, digits, dot, dash, underscore; 64 at most" })

/** Of a model, and of a deployment, whose own stand above those of its model. */
export const parameterFields = {
  parameters: defaults.optional(),
  overrideParameters: overrides.optional(),
  dropParameters: z.array(name).max(64).optional().meta({ description: "Parameters of clients that are left out" }),
}
