// Wire schemas of models with their deployments: what is declared, how each of them fares, which configuration is in force.
import { z } from "zod"
import { epochMs } from "./shared.ts"

const region = z.string()
const failure = z.string()

const deploymentLimitsSchema = z.strictObject({
  requestsPerMinute: z.number().optional(),
  tokensPerMinute: z.number().optional(),
  concurrent: z.number().optional(),
})

const deploymentHealthSchema = z.strictObject({
  /** `open`: left alone after failures; `half_open`: tried by one call at a time. */
  state: z.enum(["closed", "open", "half_open"]),
  /** What opened it: `server`, `connection`, `timeout`, `credentials`, `probe`, … */
  openedBy: failure.nullable(),
  openUntil: epochMs.nullable(),
  coolDownUntil: epochMs.nullable(),
  inFlight: z.number(),
  /** Declared, or learned from signs of overload. */
  concurrencyMax: z.number().nullable(),
  concurrencyLearned: z.boolean(),
  firstTokenMs: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  /** Of the recent calls, 0 to 1. */
  errorRate: z.number(),
  attempts: z.number(),
  failures: z.number(),
  /** What the last calls said, at most ten, whenever they were; `failedInRow`: the newest of them. */
  lastCalls: z.strictObject({ calls: z.number(), failed: z.number(), failedInRow: z.number() }),
  lastError: z
    .strictObject({
      code: z.string(),
      failure,
      at: epochMs,
      /** Why it could not be reached; told to whoever is signed in, not to keys: it has the address. */
      reachFault: z.strictObject({ provider: z.string(), address: z.string().nullable(), cause: z.string(), next: z.string() }).optional(),
    })
    .nullable(),
  /** A budget of it or of its provider is used up, and calls pass it over until then; null where that is for ever, or nothing is used up. */
  usedUp: z.strictObject({ limit: z.string(), until: epochMs.nullable() }).nullable(),
  probe: z.strictObject({ ok: z.boolean(), ms: z.number(), why: z.string().nullable(), at: epochMs }).nullable(),
})

const tokenPrices = {
  inputPerMillionUsd: z.number(),
  outputPerMillionUsd: z.number(),
  cachedInputPerMillionUsd: z.number(),
}

const withAbove = {
  ...tokenPrices,
  /** Of every token of a request whose input is longer. */
  above: z.strictObject({ inputTokens: z.number(), ...tokenPrices }).optional(),
}

/** What is absent is not charged for, but for tiers and tools: those have no price that is known. */
const deploymentPriceSchema = z.strictObject({
  ...withAbove,
  perRequestUsd: z.number().optional(),
  perImageUsd: z.number().optional(),
  perSecondUsd: z.number().optional(),
  perMillionCharactersUsd: z.number().optional(),
  perThousandSearchesUsd: z.number().optional(),
  /** Of what is served otherwise than usual: `flex`, `priority`, `batch`, `fast`. */
  tiers: z.record(z.string(), z.strictObject(withAbove)).optional(),
  /** Calls of tools that the provider runs, by its names. */
  perThousandToolCallsUsd: z.record(z.string(), z.number()).optional(),
})

const deploymentSchema = z.strictObject({
  /** `openai/gpt-5-mini`; `*` where a pattern makes them on demand. */
  id: z.string(),
  /** The type of its provider. */
  provider: z.string(),
  dialect: z.string(),
  upstreamModel: z.string(),
  does: z.array(z.string()),
  contextTokensMax: z.number().nullable(),
  region: region.nullable(),
  tags: z.array(z.string()),
  limits: deploymentLimitsSchema.nullable(),
  /** Null where nobody knows it: calls are then counted, and held against budgets at the assumed price. */
  price: deploymentPriceSchema.nullable(),
  probed: z.boolean(),
  /** Where it was declared: `perdure.yaml:12`, `discovered: OPENAI_API_KEY`, `built in`. */
  origin: z.string(),
  health: deploymentHealthSchema,
})

const configuredParametersSchema = z.strictObject({
  /** Where a client does not say it. */
  defaults: z.record(z.string(), z.json()),
  /** Whatever a client says. */
  overrides: z.record(z.string(), z.json()),
  /** Of a client's: left out. */
  dropped: z.array(z.string()),
})

/** A status, or the kind of a failure. */
const failures = z.array(z.union([z.number(), z.string()]))

const configuredRetrySchema = z.strictObject({
  attempts: z.number().optional(),
  /** After which failures. */
  on: failures.optional(),
  /** A number for each of them instead. */
  counts: z.record(z.string(), z.number()).optional(),
  /** Before another deployment is asked. */
  first: z.boolean().optional(),
})

const servedModelSchema = z.strictObject({
  /** A name, or a pattern such as `openai/*`. */
  name: z.string(),
  aliases: z.array(z.string()),
  ownedBy: z.string(),
  isPattern: z.boolean(),
  regions: z.array(region).nullable(),
  fallbacks: z.array(z.string()),
  contextFallbacks: z.array(z.string()),
  contentFallbacks: z.array(z.string()),
  sort: z.enum(["price", "latency", "throughput"]).nullable(),
  hedgeAfterMs: z.number().nullable(),
  /** In the order of their priority. */
  deployments: z.array(
    z.strictObject({
      id: z.string(),
      priority: z.number(),
      weight: z.number(),
      /** What its requests say beside or in place of what clients say; null where nothing is configured. */
      parameters: configuredParametersSchema.nullable(),
      /** How often it is asked once more, its own or its model's; null where nothing is configured. */
      retry: configuredRetrySchema.nullable(),
      /** Failures after which another one is asked; null where nothing is configured, and those go on that may pass elsewhere. */
      fallbackOn: failures.nullable(),
    }),
  ),
})

export const deploymentsSchema = z.strictObject({
  models: z.array(servedModelSchema),
  deployments: z.array(deploymentSchema),
  configuration: z.strictObject({
    loadedAt: epochMs,
    /** A later file that could not be used; the log of the server says why. */
    refused: z.strictObject({ at: epochMs, problems: z.number() }).nullable(),
    /** What differs in the file and is not followed without a restart. */
    needsRestart: z.array(z.string()),
  }),
})

export type Deployments = z.infer<typeof deploymentsSchema>
export type DeploymentHealth = z.infer<typeof deploymentHealthSchema>
export type DeploymentPrice = z.infer<typeof deploymentPriceSchema>
export type ConfiguredParameters = z.infer<typeof configuredParametersSchema>
export type DeploymentStatus = z.infer<typeof deploymentSchema>
export type ServedModel = z.infer<typeof servedModelSchema>
