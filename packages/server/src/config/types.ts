// The configuration as the rest of the server gets it: complete, checked, with secrets resolved and the origin of what was declared.
import { join } from "node:path"
import type { ExperimentDefinition, PromptContent } from "@perdure/contract"
import type { z } from "zod"
import type { JsonObject, Limits } from "../core/index.ts"
import type { ProviderSetting, ProviderTypeName } from "./provider-types.ts"
import type { alertFormats, alertTypes } from "./schema/alerts.ts"
import type { MemoryCallConfig } from "./schema/memory-calls.ts"
import type { priceSchema } from "./schema/prices.ts"
import type { ParsedGuard } from "./schema/guards.ts"
import type { ParsedPassThrough } from "./schema/pass-through.ts"
import type { FailureName } from "./schema/retry.ts"
import type { ParsedRoutingRule } from "./schema/routing-rules.ts"
import type { logLevels, roleNames } from "./schema.ts"
import type { Secret } from "./secret.ts"
import type { BudgetConfig, RateLimitConfig } from "./limit-types.ts"

/** One version of a prompt. */
export interface PromptConfig extends PromptContent {
  name: string
  version: number
  labels: readonly string[]
  /** `perdure.yaml:12` or `prompts/support.prompt.md`. */
  origin: string
}

export interface ExperimentConfig {
  name: string
  definition: ExperimentDefinition
  /** `perdure.yaml:12` */
  origin: string
}

export interface Config {
  server: ServerConfig
  /** Absolute path of the data directory. */
  data: string
  database: { url: Secret | null }
  encryption: EncryptionConfig
  /** Every limit: the defaults with the configured ones over them. */
  limits: Limits
  providers: Readonly<Record<string, ProviderConfig>>
  models: Readonly<Record<string, ModelConfig>>
  /** The first that fits a request is used. */
  routingRules: readonly RoutingRuleConfig[]
  /** Paths below which requests go to a provider as they are. */
  passThrough: readonly PassThroughConfig[]
  budgets: readonly BudgetConfig[]
  rateLimits: readonly RateLimitConfig[]
  alerts: readonly AlertConfig[]
  /** In their order around a call. */
  guards: readonly GuardConfig[]
  /** What budgets of money take for a model without a known price. */
  unknownPrice: { inputPerMillionUsd: number; outputPerMillionUsd: number }
  batches: { concurrency: number }
  memory: MemoryConfig
  documents: { rerank: RerankConfig }
  /** Of the section and of files, in versions. */
  prompts: readonly PromptConfig[]
  experiments: readonly ExperimentConfig[]
  discovery: boolean
  grants: readonly GrantConfig[]
  logging: { level: LogLevel; content: false }
  dashboard: { enabled: boolean }
  defaults: { chatModel: string | null; embeddingModel: string | null }
  roles: readonly Role[]
  /** `RunDefinition`s of the application; `app/` hands them to the run kernel. */
  workflows: readonly unknown[]
  /** `Tool`s of the application that run in this process; a grant must allow each. */
  tools: readonly unknown[]
}

/** The operator's keys that wrap the keys of data; null: the installation's secret in the database does. */
export interface EncryptionConfig {
  key: Secret | null
  /** For what is still wrapped under them. */
  previousKeys: readonly Secret[]
}

/** Which calls use memory, and what is derived from what was remembered. */
export interface MemoryConfig {
  /** The first that fits a call is used. */
  calls: readonly MemoryCallConfig[]
  extraction: { enabled: boolean; model: string | null; budgetUsdPerDay: number; callsPerDay: number }
  consolidation: { model: string | null; afterFacts: number; quietSeconds: number }
  rerank: RerankConfig
  sessionGapMinutes: number
  claimDays: number
  retentionGraceDays: number
}

/** The reranking model that is asked where nobody names one; null: none is. */
export interface RerankConfig {
  model: string | null
  timeoutMs: number
  /** How many of the best texts it is sent. */
  candidates: number
}

/** Where in the data directory the embedded database lives. */
export function databaseDirectory({ data }: Pick<Config, "data">): string {
  return join(data, "db")
}

export type LogLevel = (typeof logLevels)[number]
export type Role = (typeof roleNames)[number]

export interface ServerConfig {
  host: string
  port: number
  /** Behind a proxy: an origin. */
  publicUrl?: string | undefined
  /** With the host of the public address. */
  allowedHosts: readonly string[]
  allowedOrigins: readonly string[]
}

export interface ProviderConfig {
  type: ProviderTypeName
  /** Without a slash at its end; null where the type needs none. */
  baseUrl: string | null
  apiKey: Secret | null
  /** Those that the type has, and no others. */
  settings: Readonly<Partial<Record<ProviderSetting, string | Secret>>>
  /** Where its cloud's credentials come from, by the names of variables; empty where the configuration has a key. */
  variables: Readonly<Record<string, Secret>>
  /** Names are lower case. */
  headers: Readonly<Record<string, Secret>>
  /** Only where the type takes them. */
  options: Readonly<Record<string, string | number | boolean | Secret>>
  /** Where its deployments compute. */
  region: string | null
  /** Whose account it is, where somebody said so. */
  organisation: string | null
  /** `perdure.yaml:12` */
  origin: string
}

export interface ModelConfig {
  deployments: readonly DeploymentConfig[]
  aliases: readonly string[]
  /** null: any. */
  regions: readonly string[] | null
  fallbacks: readonly string[]
  contextFallbacks: readonly string[]
  contentFallbacks: readonly string[]
  sort: "price" | "latency" | "throughput" | null
  hedgeAfterMs: number | null
  /** null: no answers are kept. */
  cache: CacheConfig | null
  origin: string
}

/** What a deployment is for. */
export interface DeploymentUse {
  chat: boolean
  embeddings: boolean
  images?: boolean
  speech?: boolean
  transcription?: boolean
  moderation?: boolean
  rerank?: boolean
  realtime?: boolean
}

export interface CacheConfig {
  mode: "exact" | "semantic"
  ttlSeconds: number
  similarityMin: number
  scope: "principal" | "project" | "user"
  temperatureMax: number
}

/** null: every path below it; every project. */
export type PassThroughConfig = Omit<ParsedPassThrough, "paths" | "projects"> & {
  paths: readonly string[] | null
  projects: readonly string[] | null
  origin: string
}

export type RoutingRuleConfig = ParsedRoutingRule & { origin: string }

/** As it was written: `type` tells a built-in guard from one of the application's code. */
export type GuardConfig = ParsedGuard & { origin: string }

export interface DeploymentConfig extends FailurePolicyConfig {
  /** A name of `providers`, `perdure` for what runs in this process, or a discovered one. */
  provider: string
  /** The model's name at the provider. */
  model: string
  price: PriceConfig | null
  /** null: chat, or what the name of a model says that was made by a pattern. */
  does: DeploymentUse | null
  /** Chosen for a provider that has both; null leaves it to the provider and the model. */
  dialect: "chat" | "responses" | null
  contextTokensMax: number | null
  /** Absolute path of a GGUF file that is run in this process. */
  gguf: string | null
  weight: number
  priority: number
  tags: readonly string[]
  /** Its own or its provider's. */
  region: string | null
  limits: { requestsPerMinute?: number; tokensPerMinute?: number; concurrent?: number } | null
  /** Its own over those of its model. */
  timeouts: TimeoutsConfig
  /** Its own over those of its model; null where nothing is said. */
  parameters: ParametersConfig | null
  /** Of its requests, over those of its provider; names in small letters. */
  headers: Readonly<Record<string, Secret>>
  /** null leaves it to the type of the provider. */
  probe: boolean | null
}

/** After which failures the same deployment is asked once more, and after which another; its own over those of its model. */
export interface FailurePolicyConfig {
  /** null: as the limits say. */
  retry: RetryConfig | null
  /** null: those that another deployment may heal. */
  fallbackOn: readonly FailureKey[] | null
}

/** A status, or a kind of failure. */
export type FailureKey = number | FailureName

/** One number for some failures, or one for each; what `counts` does not name is not tried again. */
export interface RetryConfig {
  attempts?: number
  on?: readonly FailureKey[]
  counts?: Readonly<Record<string, number>>
  /** Before another deployment is asked. */
  first?: boolean
}

/** What requests say: where they do not say it themselves, whatever they say, and what of theirs is left out. */
export interface ParametersConfig {
  defaults: JsonObject
  overrides: JsonObject
  dropped: readonly string[]
}

export type TimeoutsConfig = Partial<Record<"connectMs" | "firstTokenMs" | "idleMs" | "totalMs", number>>

/** Dollars; what is absent costs what plain input or output costs, or nothing by the piece. */
export type PriceConfig = z.output<typeof priceSchema>

/** A webhook. */
export interface AlertConfig {
  name: string
  /** Who knows it may post to it. */
  url: Secret
  format: (typeof alertFormats)[number]
  /** null: requests are not signed. */
  secret: Secret | null
  on: readonly AlertType[]
  /** Only what is of this project alone. */
  project: string | null
  /** `perdure.yaml:12` */
  origin: string
}

export type AlertType = (typeof alertTypes)[number]

export interface GrantConfig {
  to: string
  allow: readonly string[]
  integrityMin?: 0 | 1 | 2 | 3
  /** `perdure.yaml:12`, `default`. */
  origin: string
}

export interface LoadedConfig {
  config: Config
  /** Where each value came from, by path: `default`, `perdure.yaml:3`, `env PORT`, `flag --port`. */
  sources: Readonly<Record<string, string>>
  /** Values as written where the file has `${NAME}` in them, by path; shown instead of what they became. */
  written: Readonly<Record<string, string>>
  /** Absolute path of the file that was read; null when there is none. */
  path: string | null
}
