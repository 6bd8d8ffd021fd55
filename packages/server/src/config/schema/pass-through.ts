// The section `passThrough`: paths below which requests go to a provider as they are, for endpoints that no dialect has.
import { ownPaths } from "@perdure/contract"
import { z } from "zod"

const passedMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const

const path = z
  .string()
  .regex(/^(?:\/[A-Za-z0-9][\w.-]{0,63}){1,8}$/)
  .meta({ description: `a path such as /openai, whose first part is none of ${ownPaths.join(", ")}` })
const below = z
  .string()
  .regex(/^\/[\w./*~@:-]{0,255}$/)
  .meta({ description: "a path below it such as /files, with * for any text: /files/*" })

const passThroughSchema = z.strictObject({
  path,
  provider: z
    .string()
    .min(1)
    .max(64)
    .meta({ description: "A name of providers; requests go below its base address, with its credentials in place of the caller's" }),
  methods: z
    .array(z.enum(passedMethods))
    .min(1)
    .default([...passedMethods])
    .meta({ description: "Methods that are passed on" }),
  paths: z.array(below).min(1).max(256).optional().meta({ description: "The only paths below it that are passed on; all when absent" }),
  projects: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: "Ids of the only projects whose keys may use it: all of them share what the provider keeps for the account" }),
})

export const passThroughSection = {
  passThrough: z.array(passThroughSchema).max(100).default([]).meta({
    description:
      "Paths below which requests go to a provider as they are; none when absent. Guards do not look at them, and their cost is unknown",
  }),
}

export type ParsedPassThrough = z.output<typeof passThroughSchema>
