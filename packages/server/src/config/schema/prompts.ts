// The section `prompts`: named prompts in versions, beside those in files.
import { promptContentSchema, promptLabelSchema, promptNameSchema } from "@perdure/contract"
import { z } from "zod"

/** One version, as the section and the files write it. */
export const declaredPromptSchema = promptContentSchema.extend({
  version: z.int().min(1).max(1_000_000).default(1).meta({ description: "Never changed once it was used: a change is the next version" }),
  labels: z
    .array(promptLabelSchema)
    .max(20)
    .default([])
    .meta({ description: "Such as production, which is used where a request names no version" }),
})

export const promptSection = {
  prompts: z
    .record(promptNameSchema, z.array(declaredPromptSchema).min(1).max(1_000))
    .default({})
    .meta({ description: "Prompts by name: a list of versions; also read from prompts/*.prompt.md and *.prompt.yaml beside this file" }),
}

export type DeclaredPromptInput = z.output<typeof declaredPromptSchema>
