// Public face of the configuration: load it, explain what is wrong with it, print it, describe it.
export { defaultGrants, defineConfig, grantActions, type ConfigInput } from "./schema.ts"
export { ConfigError, configFileNames, findConfig, loadConfig, type LoadOptions } from "./load.ts"
export {
  environmentOverrides,
  readEnvironment,
  serverFromEnvironment,
  serverVariables,
  type Environment,
  type Override,
} from "./environment.ts"
export { printConfig, type PrintedValue } from "./print.ts"
export { configJsonSchema } from "./json-schema.ts"
export { configChanges } from "./diff.ts"
export { watchConfig, type WatchConfigOptions } from "./watch.ts"
export {
  chatParameters,
  embeddingParameters,
  mediaParametersOf,
  mediaServicesOf,
  ownParameters,
  whyNotDropped,
  whyNotSet,
  type MediaService,
} from "./parameter-names.ts"
export { matchOf } from "./name-pattern.ts"
export { didYouMean, formatProblem } from "./explain.ts"
export { redactedEntities } from "./schema/guards.ts"
export { hasSecretPrefix, looksLikeSecret, Secret } from "./secret.ts"
export { addressOf, discoverableTypes, providerType, providerTypeNames, type ProviderTypeName } from "./provider-types.ts"
export type { MemoryCallConfig } from "./schema/memory-calls.ts"
export type { RuleCondition } from "./schema/routing-rules.ts"
export type { ConfigProblem } from "./source.ts"
export { databaseDirectory } from "./types.ts"
export type {
  AlertConfig,
  AlertType,
  CacheConfig,
  Config,
  DeploymentConfig,
  FailureKey,
  GrantConfig,
  GuardConfig,
  LoadedConfig,
  LogLevel,
  EncryptionConfig,
  MemoryConfig,
  ModelConfig,
  ParametersConfig,
  PassThroughConfig,
  PriceConfig,
  ProviderConfig,
  RerankConfig,
  Role,
  RetryConfig,
  RoutingRuleConfig,
} from "./types.ts"
export type { BudgetConfig, RateLimitConfig } from "./limit-types.ts"
