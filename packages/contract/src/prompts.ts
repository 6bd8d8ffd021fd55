// Wire schemas of prompts: named templates in versions that never change, and the labels that point to them.
import { z } from "zod"
import { epochMs } from "./shared.ts"

export const promptNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,127}$/, "must be 1 to 128 letters, digits, dots, dashes or underscores")
  .meta({ description: "A name: letters, digits, dot, dash, underscore; 128 at most" })

const label = promptNameSchema.refine((text) => !/^\d+$/.test(text), "must not be a number: that is a version")
/** `latest` always points to the highest version and cannot be set. */
export const promptLabelSchema = label.refine((text) => text !== "latest", "must not be latest: that is always the highest version")

const textMax = 200_000
export const promptMessageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string().max(textMax).meta({ description: "Text with variables as {{name}}" }),
})

const tool = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"'),
  description: z.string().max(20_000).optional(),
  parameters: z.record(z.string(), z.json()).optional().meta({ description: "JSON Schema of the arguments" }),
})

export const promptParametersSchema = z
  .strictObject({
    model: z.string().min(1).max(200).optional(),
    temperature: z.number().min(0).max(2).optional(),
    topP: z.number().min(0).max(1).optional(),
    maxOutputTokens: z.int().min(1).max(10_000_000).optional(),
    stop: z.array(z.string().min(1).max(1_000)).min(1).max(4).optional(),
    tools: z.array(tool).max(128).optional(),
    toolChoice: z
      .union([z.enum(["auto", "none", "required"]), z.strictObject({ name: z.string().min(1).max(64) })])
      .optional()
      .meta({ description: "auto, none, required, or { name } of one tool" }),
  })
  .meta({ id: "PromptParameters", description: "Defaults of a request that uses the prompt, which it may override" })

export const promptContentSchema = z.strictObject({
  messages: z.array(promptMessageSchema).min(1).max(200),
  parameters: promptParametersSchema.prefault({}),
})

export const promptVersionSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    labels: z.array(z.string()),
    messages: z.array(promptMessageSchema),
    parameters: promptParametersSchema,
    variables: z.array(z.string()).meta({ description: "The names that its messages need values for" }),
    /** A file of the configuration, or `api`. */
    origin: z.string(),
    createdBy: z.string().nullable(),
    createdAt: epochMs.nullable(),
  })
  .meta({ id: "PromptVersion" })

const summary = {
  name: z.string(),
  latest: z.int(),
  labels: z.record(z.string(), z.int()).meta({ description: "Version by label, `latest` included" }),
  origin: z.string(),
}
export const promptSummarySchema = z.object({ ...summary, versions: z.int() }).meta({ id: "PromptSummary" })
export const promptListSchema = z.object({ prompts: z.array(promptSummarySchema) }).meta({ id: "PromptList" })
export const promptSchema = z.object({ ...summary, versions: z.array(promptVersionSchema) }).meta({ id: "Prompt" })
export const promptCreateRequestSchema = promptContentSchema.extend({
  name: promptNameSchema,
  labels: z.array(promptLabelSchema).max(20).optional().meta({ description: "Labels that shall point to the new version" }),
})
export const promptLabelRequestSchema = z.strictObject({
  label: promptLabelSchema,
  version: z.int().min(1).nullable().meta({ description: "null takes the label away" }),
})
export const promptDeleteQuerySchema = z.strictObject({
  version: z.coerce.number().int().min(1).optional().meta({ description: "That version only; all of them when absent" }),
})
export const promptDeletedSchema = z.object({ name: z.string(), version: z.int().nullable(), deleted: z.literal(true) })

export type PromptContent = z.output<typeof promptContentSchema>
export type PromptParameters = z.output<typeof promptParametersSchema>
export type PromptMessage = z.output<typeof promptMessageSchema>
export type PromptVersion = z.infer<typeof promptVersionSchema>
export type PromptSummary = z.infer<typeof promptSummarySchema>
export type PromptList = z.infer<typeof promptListSchema>
export type Prompt = z.infer<typeof promptSchema>
export type PromptCreateRequest = z.input<typeof promptCreateRequestSchema>

export const promptRoutes = [
  { method: "GET", path: "/v1/prompts", summary: "List prompts", response: promptListSchema },
  {
    method: "POST",
    path: "/v1/prompts",
    summary: "Make the next version of a prompt",
    request: promptCreateRequestSchema,
    response: promptVersionSchema,
    status: 201,
  },
  { method: "GET", path: "/v1/prompts/{name}", summary: "Read a prompt with its versions", response: promptSchema },
  {
    method: "GET",
    path: "/v1/prompts/{name}/versions/{version}",
    summary: "Read one version, by its number or by a label",
    response: promptVersionSchema,
  },
  {
    method: "POST",
    path: "/v1/prompts/{name}/labels",
    summary: "Point a label to a version, or take it away",
    request: promptLabelRequestSchema,
    response: promptSchema,
  },
  {
    method: "DELETE",
    path: "/v1/prompts/{name}",
    summary: "Delete a prompt, or one version that no label points to",
    query: promptDeleteQuerySchema,
    response: promptDeletedSchema,
  },
] as const
