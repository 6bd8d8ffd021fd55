// Public face of HTTP: the server, the API around the routes, and what route files use.
export { createApi, type ApiOptions, type ShellLogger } from "./api.ts"
export { createPassThrough, type PassThrough, type PassThroughRoute } from "./pass-through/index.ts"
export { createHttpServer, type HttpMetrics, type HttpServer, type HttpServerOptions } from "./server.ts"
export { healthRoutes, type HealthOptions } from "./health.ts"
export { openApiRoutes } from "./openapi.ts"
export type { ModelCache } from "./light/prepare.ts"
export type { CallMemories } from "./memory/call-memories.ts"
export { createDefaultMemories } from "./memory/default-memory.ts"
export { createTurnQueue } from "./memory/turn-queue.ts"
export { createHotRoutes, hotPaths, type HotRouteOptions } from "./hot-routes.ts"
export { modelRoutes } from "./openai/models.ts"
export type { HttpEnv } from "./env.ts"
export type { HotCall, HotRoute } from "./shell.ts"
export type { RequestShaping } from "./prompts/shape.ts"
export { messageBatchRoutes, type MessageBatchRoutesOptions } from "./anthropic/message-batches.ts"
export { batchRoutes, type BatchRoutesOptions } from "./openai/batches.ts"
export { createInnerCalls, type InnerCallsOptions } from "./inner/index.ts"
export { filesRoutes, type FilesRoutesOptions } from "./openai/files.ts"
export { uploadRoutes, type UploadRoutesOptions } from "./openai/uploads.ts"
export { vectorStoreRoutes, type VectorStoreRoutesOptions } from "./openai/vector-stores.ts"
export { responseRoutes, responsesSocket, type ResponseRoutesOptions, type ResponsesSocketOptions } from "./openai/responses/index.ts"
export type { UpgradeRoute } from "./sockets/index.ts"
export { blockRoutes, type BlockRoutesOptions } from "./perdure/blocks.ts"
export { stateRoutes, type StateRoutesOptions } from "./perdure/states.ts"
export { memoryUpkeepRoutes } from "./perdure/memory-upkeep.ts"
export { changeRoutes, type ChangeRoutesOptions } from "./perdure/changes.ts"
export { erasureRoutes, type ErasureRoutesOptions } from "./perdure/erasures.ts"
export { memoryCurationRoutes } from "./perdure/memory-curation.ts"
export { mcpRoutes, type McpRoutesOptions } from "./perdure/mcp.ts"
export { memoryRoutes, type MemoryRoutesOptions } from "./perdure/memories.ts"
export { scopeRoutes } from "./perdure/scopes.ts"
export {
  createDashboardRoutes,
  createDeploymentRoutes,
  createExperimentRoutes,
  createFeedbackRoutes,
  createKeyRoutes,
  createAlertRoutes,
  createLimitRoutes,
  createLightRuns,
  createPromptRoutes,
  createRunRoutes,
  createUsageRoutes,
  usageOf,
  readDeployments,
  type DashboardRoutesOptions,
  type KeyRoutesOptions,
  type LightRuns,
  type RunRoutesOptions,
  type UsageRoutesOptions,
} from "./perdure/index.ts"
export { liteLlmRoutes } from "./litellm/index.ts"
export { conversationRoutes, type ConversationRoutesOptions } from "./openai/conversations.ts"
export { realtimePath, realtimeRoute, realtimeRoutes, type RealtimeOptions, type RealtimeRoutesOptions } from "./realtime/index.ts"
