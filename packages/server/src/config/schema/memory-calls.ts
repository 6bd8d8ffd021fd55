// `memory.calls`: which calls use memory without saying so, which scopes these are, and how much of them a model is given.
import { z } from "zod"
import { modelPattern } from "./models.ts"

const value = z.string().min(1).max(500)
const kinds = ["project", "application", "agent", "user", "team", "thread"]

/** What may stand in a scope for what is known of a call. */
export const scopePlaceholders = ["user", "key", "keyName", "model"] as const
export type ScopePlaceholder = (typeof scopePlaceholders)[number]

const scopeTemplate = z
  .string()
  .min(1)
  .max(200)
  .refine(isScopeTemplate, { error: "not a scope" })
  .meta({
    description: `a scope such as user:{user} or application:shop/user:{user}; in braces ${scopePlaceholders.join(", ")}`,
  })

/** Segments `kind:name`, `project`, or a plain name; braces around known words only. */
function isScopeTemplate(text: string): boolean {
  const plain = text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (scopePlaceholders.some((known) => known === name) ? "x" : whole))
  return !/[{}\p{Cc}]/u.test(plain) && plain.split("/").length <= 6 && plain.split("/").every(isSegment)
}

function isSegment(segment: string): boolean {
  const colon = segment.indexOf(":")
  const name = segment.slice(colon + 1)
  return name !== "" && name === name.trim() && (colon < 0 || kinds.includes(segment.slice(0, colon)))
}

const callSchema = z.strictObject({
  for: z
    .strictObject({
      model: modelPattern.optional().meta({ description: "The model's name; one * stands for any of it" }),
      key: value.optional().meta({ description: "Id or name of a key" }),
      project: value.optional(),
      tag: value.optional().meta({ description: "A tag of the key" }),
    })
    .prefault({})
    .meta({ description: "Which calls: all of what is said must fit; the first entry that fits a call is used" }),
  scopes: z
    .array(scopeTemplate)
    .min(1)
    .max(16)
    .meta({ description: "What is read; turns are remembered in the first. A call that lacks what stands in braces has no memory" }),
  budgetTokens: z
    .int()
    .min(0)
    .max(100_000)
    .default(2_000)
    .meta({ description: "Most tokens that are put before the model; 0 for nothing, which still remembers" }),
  limit: z.int().min(1).max(100).default(20).meta({ description: "Most memories that are recalled for one call" }),
  lanes: z
    .array(z.enum(["user", "assistant", "tool", "fact", "summary"]))
    .min(1)
    .optional()
    .meta({ description: "Kinds of text; all when absent" }),
  levelMin: z.int().min(0).max(3).optional().meta({ description: "Leave out what has less integrity" }),
  states: z
    .array(z.string().min(1).max(200))
    .max(20)
    .default([])
    .meta({ description: "Keys of states that stand before the conversation" }),
  vectorStores: z
    .array(z.string().min(1).max(200))
    .max(16)
    .default([])
    .meta({ description: "Ids of vector stores whose passages are given with what is recalled, within the same tokens" }),
  remember: z.boolean().default(true).meta({ description: "Keep what was said and answered" }),
  required: z.boolean().default(false).meta({ description: "Rather fail than answer without memory" }),
})

export const callsSection = {
  calls: z
    .array(callSchema)
    .max(1_000)
    .default([])
    .meta({ description: "Calls of chat completions, messages and responses that use memory without saying so" }),
}

export type MemoryCallConfig = z.output<typeof callSchema>
