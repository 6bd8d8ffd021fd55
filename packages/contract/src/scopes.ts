// Wire schemas and routes of memory scopes: their settings, and who may use them.
import { z } from "zod"
import { epochMs, pageLimit } from "./shared.ts"

const rights = z.enum(["read", "write", "curate", "erase"])
const can = z
  .array(rights)
  .min(1)
  .meta({ description: "`read`, `write` (remember), `curate` (confirm, retract, revoke), `erase` (redact, forget, erase)" })
const grant = z.union([
  z.strictObject({ principal: z.string().min(1).max(200).meta({ description: "The id of a key or of a signed-in user" }), can }),
  z.strictObject({ user: z.string().min(1).max(200).meta({ description: "An end user, whichever key acts for them" }), can }),
])

export const scopeSchema = z
  .object({
    path: z.string(),
    kind: z.enum(["project", "application", "agent", "user", "team", "thread"]),
    parent: z.string().nullable(),
    retentionDays: z.int().nullable().meta({ description: "Days after which what is in it expires; null: never" }),
    modelBudgetMicroUsd: z
      .int()
      .nullable()
      .meta({ description: "What models may cost that work on it, per day; null: no limit of its own" }),
    levelMin: z.int().meta({ description: "Recalls leave out what has less integrity" }),
    closed: z.boolean().meta({
      description:
        "Of `project`: a scope without grants is for nobody but keys that act for the end user that it names, and answers as one that is granted to others",
    }),
    grants: z.array(grant).meta({ description: "None: whoever may use the project's memory may use it" }),
    entries: z.int().meta({ description: "How much can be found in it: evidence, and what was derived of it" }),
    createdAt: epochMs,
  })
  .meta({ id: "Scope" })

export const scopeListQuerySchema = z.strictObject({ after: z.string().optional(), limit: pageLimit.optional() })
export const scopeListSchema = z.object({ scopes: z.array(scopeSchema), next: z.string().nullable() }).meta({ id: "ScopeList" })
export const scopeUpdateRequestSchema = z.strictObject({
  retentionDays: z.int().min(1).max(36_500).nullable().optional(),
  modelBudgetMicroUsd: z.int().min(0).nullable().optional(),
  levelMin: z.int().min(0).max(3).optional(),
  closed: z.boolean().optional().meta({ description: "Of `project` alone" }),
  grants: z.array(grant).max(1_000).optional().meta({ description: "Replaces all; an empty list opens the scope to the project" }),
})

export type Scope = z.infer<typeof scopeSchema>
export type ScopeList = z.infer<typeof scopeListSchema>
export type ScopeUpdateRequest = z.infer<typeof scopeUpdateRequestSchema>

export const scopeRoutes = [
  { method: "GET", path: "/v1/scopes", summary: "List the scopes of memory", query: scopeListQuerySchema, response: scopeListSchema },
  { method: "GET", path: "/v1/scopes/{scope}", summary: "Read a scope's settings and grants", response: scopeSchema },
  {
    method: "PATCH",
    path: "/v1/scopes/{scope}",
    summary: "Change a scope's settings, or who may use it",
    request: scopeUpdateRequestSchema,
    response: scopeSchema,
  },
] as const
