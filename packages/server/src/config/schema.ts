// The one schema of the configuration: what `perdure.config.ts` and `perdure.yaml` may say, with bounds and defaults.
import { z } from "zod"
import { defaultLimits, type Limits } from "../core/index.ts"
import { alertSection } from "./schema/alerts.ts"
import { batchSection } from "./schema/batches.ts"
import { documentsSection } from "./schema/documents.ts"
import { encryptionSection } from "./schema/encryption.ts"
import { experimentSection } from "./schema/experiments.ts"
import { guardSection } from "./schema/guards.ts"
import { memorySection } from "./schema/memory.ts"
import { passThroughSection } from "./schema/pass-through.ts"
import { promptSection } from "./schema/prompts.ts"
import { providerSchema } from "./schema/providers.ts"
import { secret } from "./schema/secrets.ts"
import { limitSections } from "./schema/limits.ts"
import { modelName, modelsSchema } from "./schema/models.ts"
import { routingRuleSection } from "./schema/routing-rules.ts"

/** What a grant may allow; the gate refuses everything that no grant names. */
export const grantActions = [
  "tool.call",
  "tool.read",
  "memory.write",
  "memory.delete",
  "memories.erase",
  "memory.manage",
  "file.write",
  "conversation.write",
  "keys.manage",
  "prompts.manage",
  "experiments.manage",
  "outbound",
  "process.start",
] as const

export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const
export const roleNames = ["gateway", "executor"] as const

/** Every key may do this in its own project unless the configuration says otherwise; all else is denied. */
export const defaultGrants = [
  {
    to: "*",
    allow: [
      "memory.write:*",
      "memory.delete:*",
      "file.write:*",
      "conversation.write:*",
      "keys.manage:*",
      "prompts.manage:*",
      "experiments.manage:*",
      "tool.read:*",
    ],
  },
  // Scopes that are granted to some are theirs against every key.
  { to: "user:admin", allow: ["memory.manage:*"] },
]

const name = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
  .meta({ description: "a name: letters, digits, dot, dash, underscore; 64 at most" })

const grantSchema = z.strictObject({
  to: z.string().min(1).max(200).meta({ description: "the id of a principal, such as key_… or user:admin, or *" }),
  allow: z
    .array(
      z
        .string()
        .refine(isGrantPattern, { error: "not action:target with a known action" })
        .meta({ description: `action:target, where the action is one of ${grantActions.join(", ")}, or ends in *` }),
    )
    .min(1)
    .max(1_000),
  integrityMin: z
    .union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)])
    .optional()
    .meta({ description: "0, 1, 2 or 3" }),
})

export const configSchema = z.strictObject({
  server: z
    .strictObject({
      host: z.string().min(1).default("127.0.0.1").meta({ description: "Address to listen on; 0.0.0.0 for all" }),
      port: z.int().min(0).max(65_535).default(8080).meta({ description: "Port to listen on; 0 takes any free one" }),
      publicUrl: z.string().refine(isOrigin, { error: "not an origin" }).optional().meta({
        description:
          "an address such as https://perdure.example.com by which people reach it behind a proxy: for links to the dashboard, whose cookie is Secure with https, and as an allowed host",
      }),
      allowedHosts: z
        .array(z.string().regex(/^[A-Za-z0-9.-]{1,253}$/))
        .max(64)
        .default([])
        .meta({ description: "Further host names by which it may be reached while it listens on a loopback address: behind a proxy" }),
      allowedOrigins: z
        .array(z.string().refine(isOrigin, { error: "not an origin such as https://app.example.com" }))
        .max(64)
        .default([])
        .meta({ description: "Origins of pages on other hosts that may open WebSockets here, with a client secret" }),
    })
    .prefault({}),
  data: z.string().min(1).default(".perdure").meta({ description: "Directory of the embedded database, files and the server's lock" }),
  database: z
    .strictObject({
      url: secret.optional().meta({
        description:
          "Postgres 15 or newer: { env: NAME } or { file: path }; without pgvector search is by words alone; the embedded database when absent",
      }),
    })
    .prefault({}),
  ...encryptionSection,
  limits: z.strictObject(limitFields()).prefault({}),
  providers: z.record(name, providerSchema).default({}),
  models: modelsSchema,
  ...routingRuleSection,
  ...passThroughSection,
  ...limitSections,
  ...alertSection,
  ...guardSection,
  ...batchSection,
  ...promptSection,
  ...experimentSection,
  ...memorySection,
  ...documentsSection,
  discovery: z
    .boolean()
    .default(true)
    .meta({ description: "Look for provider keys in the environment and for model servers on this machine" }),
  grants: z
    .array(grantSchema)
    .max(10_000)
    .default(defaultGrants)
    .meta({ description: "What may act; replaces the default grants when given" }),
  logging: z
    .strictObject({
      level: z.enum(logLevels).default("info"),
      content: z.literal(false).default(false).meta({ description: "Prompts and answers are never logged" }),
    })
    .prefault({}),
  dashboard: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  defaults: z.strictObject({ chatModel: modelName.optional(), embeddingModel: modelName.optional() }).prefault({}),
  roles: z
    .array(z.enum(roleNames))
    .min(1)
    .default([...roleNames])
    .meta({ description: "What this process does: gateway answers requests, executor runs durable runs" }),
  workflows: z.array(z.unknown()).default([]).meta({ description: "Workflows made by defineWorkflow; perdure.config.ts only" }),
  tools: z.array(z.unknown()).default([]).meta({ description: "Tools made by defineTool; perdure.config.ts only" }),
})

/** What a user writes. */
export type ConfigInput = z.input<typeof configSchema>
/** The schema's output, before references to secrets are resolved. */
export type ParsedConfig = z.output<typeof configSchema>

/** Marks an object as the configuration, for types and completion: `export default defineConfig({ … })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

/** One optional bounded integer per named limit; the unit at the end of its name gives the bounds. */
function limitFields(): Record<keyof Limits, z.ZodOptional<z.ZodInt>> {
  const fields = Object.entries(defaultLimits).map(([key, value]) => {
    const [min, max] = limitBounds(key)
    return [
      key,
      z
        .int()
        .min(min)
        .max(max)
        .optional()
        .meta({ description: `default ${value}` }),
    ] as const
  })
  return Object.fromEntries(fields) as Record<keyof Limits, z.ZodOptional<z.ZodInt>> // built from the keys of Limits
}

function limitBounds(key: string): readonly [number, number] {
  if (key === "leaseMs") return [500, 600_000]
  if (key === "batchResultsKeptMs") return [1_000, 10 * 366 * 24 * 60 * 60 * 1000]
  if (key.endsWith("RetriesMax")) return [0, 10]
  if (key.endsWith("Percent")) return [0, 100]
  if (/Ms(Max)?$/.test(key)) return [1, 24 * 60 * 60 * 1000]
  if (key === "erasureReadBytesMax" || key === "erasureLogBytesMax") return [1024, 64 * 1024 ** 4]
  if (/Bytes(Max)?$/.test(key)) return [1024, 8 * 1024 ** 3]
  if (key.endsWith("CharactersMax")) return [1, 1024 ** 3]
  return [1, 10_000_000]
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && new URL(value).origin === value
}

function isGrantPattern(value: string): boolean {
  const [, action, target] = /^([^:]+):(.+)$/.exec(value) ?? []
  if (action === undefined || target === undefined) return false
  if (!action.endsWith("*")) return grantActions.some((known) => known === action)
  return grantActions.some((known) => known.startsWith(action.slice(0, -1)))
}
