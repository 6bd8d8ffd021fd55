// Public face of the client of Perdure's own API.
export { createClient, type Client, type ClientOptions, type RunStart } from "./client.ts"
export { PerdureError } from "./error.ts"
export type { StreamOptions } from "./stream.ts"
export type {
  ApiKey,
  ApiKeyCreated,
  ApiKeyCreateRequest,
  ApiKeyList,
  ApiKeyListQuery,
  ApiKeyRotateRequest,
  ApiKeyUpdateRequest,
  KeyLimits,
  LimitList,
  LimitStatus,
  Memory,
  MemoryList,
  MemorySearch,
  MemorySearchRequest,
  Run,
  RunCancel,
  RunEvent,
  RunEvents,
  RunKind,
  RunList,
  RunListQuery,
  RunResolveRequest,
  RunStatus,
  RunSummary,
  RunUsage,
  Usage,
  UsageQuery,
  UsageRow,
} from "@perdure/contract"
