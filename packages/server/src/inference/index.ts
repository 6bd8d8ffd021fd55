// Public face of inference.
export { doesByName, knownModels } from "./known-models.ts"
export { createModels, noName, type Models, type RegisteredModels, type Wildcard } from "./models.ts"
export { providerDeployment } from "./providers/deployment.ts"
export { createUpstreams, type Upstreams, type UpstreamTarget } from "./upstreams.ts"
export { createCallModel, eventsOf, isNative, servedAsAsked, type CallModelOptions, type Natives } from "./call-model.ts"
export { editContext, type AppliedEdit, type ClearThinking, type ClearToolUses, type ContextEdit } from "./context-edits.ts"
export { CustomInput, customTool, unwrappedInput, wrappedInput, type CustomTool } from "./custom-tools.ts"
export { isTold, speaksResponses } from "./passed-items.ts"
export { continuedCall } from "./begun-answer.ts"
export { createEmbed, type MeasuredEmbed } from "./embed.ts"
export { createRerank, type MeasuredRerank } from "./rerank.ts"
export { embeddingsOf, rerankOf, type Embeddings } from "./providers/embeddings.ts"
export { imageSizeIn } from "./providers/image-sizes.ts"
export { imagesOf, speechOf, transcriptOf } from "./providers/media-calls.ts"
export { hasOwnForm, imageWordsOf, speechWordsOf, transcriptWordsOf } from "./providers/media-dialects.ts"
export { mediaIn, type Media } from "./providers/media.ts"
export type { ImageCall, SpeechCall, Transcript, TranscriptionCall } from "./providers/media-port.ts"
export {
  filteredAnswer,
  errorInBody,
  errorOfStatus,
  errorOfTransport,
  streamEnded,
  timedOut,
  unreadable,
  UpstreamError,
  type UpstreamAnswer,
  type UpstreamFailure,
} from "./upstream-error.ts"
export { reachFaultOf, type ReachFault } from "./reach-fault.ts"
export { errorTold } from "./told-error.ts"
export { connectRealtime, realtimeUsage, type ConnectRealtimeOptions } from "./realtime/index.ts"
export {
  createTokenCounter,
  createTokenizer,
  estimateTokens,
  type TokenCount,
  type TokenCounter,
  type TokenCounterOptions,
} from "./tokens/index.ts"
export { embeddingsUsageOf, usageOf } from "./providers/openai/usage.ts"
export { presetOf } from "./providers/presets.ts"
export { mayRunTools, tellsOfToolsRun, withToolsRun } from "./providers/openai/tools-run.ts"
export { withCostTold } from "./providers/told-cost.ts"
export { regionTold, tierAsked, withTierAsked, withTierTold } from "./providers/service-tier.ts"
export { chatPassing } from "./providers/openai/passing.ts"
export { reasoningOfDetails } from "./providers/openai/reasoning.ts"
export {
  configuredCall,
  outputTokensMaxOf,
  parameterChanges,
  tierConfigured,
  withChanges,
  type CallKind,
  type ParameterChanges,
  type TopLevel,
} from "./parameters/index.ts"
export { dialectNames } from "./types.ts"
export { anthropicUsage, anthropicUsageOf, containerCalls } from "./providers/anthropic/usage.ts"
export { dialectOf } from "./providers/index.ts"
export { refusesSignature } from "./providers/sign-request.ts"
export { envelopeOf, takesAsItIs } from "./providers/envelopes.ts"
export type { Envelope, UnwrapStream } from "./providers/envelope.ts"
export type { EmbeddingsCall, RerankAnswer, RerankCall } from "./providers/port.ts"
export type { ProviderDialect, ProviderReader, ProviderRequest } from "./providers/port.ts"
export {
  createPool,
  createProbes,
  isProbed,
  parseRouting,
  parseRoutingHeader,
  routingHeader,
  type AttemptOutcome,
  type BreakerState,
  type DeploymentHealth,
  type NextAttempt,
  type Plan,
  type PlanRequest,
  type Pool,
  type PoolObserver,
  type PoolOptions,
  type RoutingRequest,
} from "./pool/index.ts"
export type {
  CallEvent,
  CallHints,
  CallModel,
  CallRouting,
  CallTimeouts,
  Capabilities,
  Citation,
  Deployment,
  DeploymentLimits,
  Dialect,
  Embed,
  Failover,
  Model,
  ModelCall,
  ModelEvent,
  ModelUsage,
  PassedTools,
} from "./types.ts"
export type { ModelContent, ModelMessage, ModelPassage, ModelReasoning, ModelTool, ModelToolCall } from "./message-types.ts"
export { addUsage, noUsage } from "./usage-sum.ts"
export { readModelNames, type ModelList } from "./model-list.ts"
export { discover, type Discovery, type DiscoveryEnvironment, type DiscoverOptions } from "./discovery.ts"
export { createAiSdkModel, type AiSdkOptions } from "./providers/ai-sdk/model.ts"
export {
  createExtractive,
  createGguf,
  openEmbeddedEmbeddings,
  type EmbeddedEmbeddings,
  type ExtractiveOptions,
  type GgufModel,
  type GgufOptions,
  type CallableModel,
  type NativeModel,
} from "./providers/embedded/index.ts"
export {
  cachePlan,
  cacheWish,
  createAnswerCache,
  idempotentLook,
  type AnswerCache,
  type AnswerFacts,
  type CacheHit,
  type CacheLook,
  type CacheMiss,
  type CachePlan,
  type CachePolicy,
  type CacheQuestion,
  type CacheWish,
  type QuestionEmbedding,
} from "./cache/index.ts"
export { blankCall } from "./blank-call.ts"
export { createModerateTexts, type Judging } from "./moderate.ts"
export {
  createExperiments,
  experimentPrefix,
  experimentSummary,
  loadExperiments,
  readExperiment,
  Sampler,
  type Asker,
  type Assigned,
  type DeclaredExperiment,
  type ExperimentRows,
  type Experiments,
  type HeldExperiment,
} from "./experiments/index.ts"
export { createRoutingRules, type FoundRule, type RoutingRules, type RuledRequest } from "./routing-rules/index.ts"
export {
  createPrompts,
  loadPrompts,
  ProjectFacts,
  type DeclaredPrompt,
  type HeldPrompt,
  type HeldVersion,
  type PromptReference,
  type Prompts,
  type ProjectPrompts,
  type RenderedPrompt,
} from "./prompts/index.ts"
