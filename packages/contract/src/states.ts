// Wire schemas of operational state: one versioned JSON value per scope and key.
import { z } from "zod"
import { epochMs, jsonValue, labelSchema, pageLimit } from "./shared.ts"

const version = z.int().min(1).meta({ description: "A number that the key never has again; its ETag" })

export const stateSchema = z
  .object({
    scope: z.string(),
    key: z.string(),
    value: jsonValue,
    version,
    sha256: z.string().meta({ description: "Of the value as JSON with sorted keys" }),
    label: labelSchema,
    principal: z.string(),
    runId: z.string().nullable(),
    createdAt: epochMs,
    updatedAt: epochMs,
  })
  .meta({ id: "State" })

export const stateKeySchema = z
  .string()
  .regex(/^[\w.:@-]{1,200}$/, "must be 1 to 200 letters, digits, dots, colons, at signs, dashes and underscores")
export const statePutRequestSchema = z.strictObject({ value: jsonValue })
export const stateWrittenSchema = stateSchema
  .extend({ seq: z.int().meta({ description: "Its number in the change log of the scope" }) })
  .meta({ id: "StateWritten" })
export const stateListQuerySchema = z.strictObject({
  prefix: z.string().max(200).optional(),
  after: z.string().optional().meta({ description: "The last key of the page before" }),
  limit: pageLimit.optional(),
})
export const stateListSchema = z.object({ states: z.array(stateSchema), next: z.string().nullable() }).meta({ id: "StateList" })
export const stateVersionSchema = z
  .object({
    scope: z.string(),
    key: z.string(),
    version,
    op: z.enum(["write", "delete"]),
    value: jsonValue.nullable(),
    label: labelSchema,
    principal: z.string(),
    runId: z.string().nullable(),
    at: epochMs,
  })
  .meta({ id: "StateVersion" })
export const stateVersionsSchema = z.object({ versions: z.array(stateVersionSchema) }).meta({ id: "StateVersions" })
export const stateDeletedSchema = z.object({ scope: z.string(), key: z.string(), deleted: z.literal(true), seq: z.int() })

export type State = z.infer<typeof stateSchema>
export type StateVersions = z.infer<typeof stateVersionsSchema>
export type StateWritten = z.infer<typeof stateWrittenSchema>
export type StateList = z.infer<typeof stateListSchema>

export const stateRoutes = [
  {
    method: "GET",
    path: "/v1/states/{scope}",
    summary: "List the states of a scope by key",
    query: stateListQuerySchema,
    response: stateListSchema,
  },
  { method: "GET", path: "/v1/states/{scope}/{key}", summary: "Read a state; its version is the ETag", response: stateSchema },
  {
    method: "PUT",
    path: "/v1/states/{scope}/{key}",
    summary: "Write a state: If-Match holds it to a version or digest, If-None-Match: * to its absence; else 412 with what is there",
    request: statePutRequestSchema,
    response: stateWrittenSchema,
  },
  { method: "DELETE", path: "/v1/states/{scope}/{key}", summary: "Delete a state; If-Match holds", response: stateDeletedSchema },
  {
    method: "GET",
    path: "/v1/states/{scope}/{key}/versions",
    summary: "Read what a state was, newest first",
    response: stateVersionsSchema,
  },
] as const
