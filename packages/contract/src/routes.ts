// The route table: every route that the server answers under /v1 and for operators, with its schemas; the OpenAPI document is made from it.
import type { z } from "zod"
import * as anthropic from "./anthropic.ts"
import { batchRoutes } from "./batches.ts"
import { blockRoutes } from "./blocks.ts"
import { changeRoutes } from "./changes.ts"
import { conversationRoutes } from "./conversation-routes.ts"
import { fileRoutes, uploadRoutes, vectorStoreRoutes } from "./document-routes.ts"
import { deploymentsSchema } from "./deployments.ts"
import { erasureRoutes } from "./erasures.ts"
import { experimentRoutes } from "./experiments.ts"
import { feedbackRoutes } from "./feedback.ts"
import * as keys from "./keys.ts"
import { keyRoutes } from "./key-routes.ts"
import { liteLlmHealthRoutes, liteLlmRoutes } from "./litellm-routes.ts"
import * as media from "./media.ts"
import { mcpQuerySchema } from "./memories.ts"
import { memoryRoutes } from "./memory-routes.ts"
import { memoryUpkeepRoutes } from "./memory-upkeep.ts"
import * as openai from "./openai.ts"
import { promptRoutes } from "./prompts.ts"
import { responseRoutes } from "./response-routes.ts"
import { runRoutes } from "./run-routes.ts"
import { scopeRoutes } from "./scopes.ts"
import { stateRoutes } from "./states.ts"

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

export interface ApiRoute {
  method: HttpMethod
  /** `/v1/runs/{id}` */
  path: string
  summary: string
  tag: string
  /** Whose words it speaks: OpenAI's (snake_case, unknown fields pass), ours (camelCase, unknown fields are refused) or those of LiteLLM's admin API (snake_case, unknown fields are refused). */
  dialect: "openai" | "perdure" | "litellm"
  /** `none`: needs no key. */
  auth: "key" | "none"
  query?: z.ZodObject
  request?: z.ZodType
  /** JSON when absent. */
  requestType?: "multipart/form-data"
  /** null: no JSON (see `responseType`). */
  response: z.ZodType | null
  responseType?: "text/plain" | "application/octet-stream" | "text/event-stream"
  /** 200 when absent. */
  status?: 200 | 201 | 202
  /** The same route also answers with an event stream when asked to. */
  streams?: boolean
}

/** Routes of one tag share dialect and authentication. */
function group(tag: string, dialect: ApiRoute["dialect"], routes: readonly Omit<ApiRoute, "tag" | "dialect" | "auth">[]): ApiRoute[] {
  return routes.map((route) => ({ tag, dialect, auth: "key", ...route }))
}

const inference = group("Inference", "openai", [
  {
    method: "POST",
    path: "/v1/chat/completions",
    summary: "Complete a chat",
    request: openai.chatCompletionRequestSchema,
    response: openai.chatCompletionSchema,
    streams: true,
  },
  {
    method: "POST",
    path: "/v1/completions",
    summary: "Go on with a text, or fill it in; of servers that have the route themselves",
    request: openai.completionRequestSchema,
    response: openai.completionSchema,
    streams: true,
  },
  {
    method: "POST",
    path: "/v1/embeddings",
    summary: "Embed texts",
    request: openai.embeddingRequestSchema,
    response: openai.embeddingListSchema,
  },
  {
    method: "POST",
    path: "/v1/messages",
    summary: "Create a message, as Anthropic's clients ask for it",
    request: anthropic.messagesRequestSchema,
    response: anthropic.messageSchema,
    streams: true,
  },
  {
    method: "POST",
    path: "/v1/messages/count_tokens",
    summary: "Count the input tokens of a message; not billed",
    request: anthropic.countTokensRequestSchema,
    response: anthropic.tokenCountSchema,
  },
  ...media.mediaRoutes,
  { method: "GET", path: "/v1/models", summary: "List the models that this project may use", response: openai.modelListSchema },
  { method: "GET", path: "/v1/models/{model}", summary: "Read one model", response: openai.modelSchema },
])

const deploymentRoutes = group("Deployments", "perdure", [
  {
    method: "GET",
    path: "/v1/deployments",
    summary: "Read where models are served and how each place fares: breakers, cool-downs, speed, the configuration in force",
    response: deploymentsSchema,
  },
])

const realtime = group("Realtime", "openai", [
  {
    method: "POST",
    path: "/v1/realtime/client_secrets",
    summary: "Make a short-lived secret with which a browser opens realtime sessions of one model",
    request: openai.clientSecretRequestSchema,
    response: openai.clientSecretSchema,
  },
  { method: "POST", path: "/v1/realtime/calls", summary: "Not served: calls over WebRTC do not come through this server", response: null },
])

const operations: ApiRoute[] = group("Operation", "perdure", [
  { method: "GET", path: "/health/live", summary: "The process runs", response: keys.healthSchema },
  { method: "GET", path: "/health/ready", summary: "The process can serve", response: keys.healthSchema },
  ...liteLlmHealthRoutes,
  { method: "GET", path: "/metrics", summary: "Metrics for Prometheus", response: null, responseType: "text/plain" },
  { method: "GET", path: "/openapi.json", summary: "This document", response: null },
]).map((route) => ({ ...route, auth: "none" }))

/** Every published route. The dashboard's pages are not part of the API. */
export const apiRoutes: readonly ApiRoute[] = [
  ...inference,
  ...deploymentRoutes,
  ...group("Responses", "openai", responseRoutes),
  ...realtime,
  ...group("Conversations", "openai", conversationRoutes),
  ...group("Files", "openai", fileRoutes),
  ...group("Uploads", "openai", uploadRoutes),
  ...group("Batches", "openai", batchRoutes),
  ...group("Vector stores", "openai", vectorStoreRoutes),
  ...group("Memories", "perdure", [...memoryUpkeepRoutes, ...memoryRoutes]),
  ...group("Erasures", "perdure", erasureRoutes),
  ...group("Memories", "perdure", [
    {
      method: "POST",
      path: "/mcp",
      query: mcpQuerySchema,
      summary: "Memory for MCP clients (streamable HTTP, no sessions): the tools remember, recall, pin, forget, explain",
      response: null,
    },
    { method: "GET", path: "/mcp", summary: "Not served: nothing is sent unasked (405)", response: null },
    { method: "DELETE", path: "/mcp", summary: "Not served: there are no sessions (405)", response: null },
  ]),
  ...group("Memories", "perdure", scopeRoutes),
  ...group("Blocks", "perdure", blockRoutes),
  ...group("States", "perdure", stateRoutes),
  ...group("Changes", "perdure", changeRoutes),
  ...group("Runs", "perdure", runRoutes),
  ...group("Prompts", "perdure", promptRoutes),
  ...group("Experiments", "perdure", experimentRoutes),
  ...group("Feedback", "perdure", feedbackRoutes),
  ...group("Keys and usage", "perdure", keyRoutes),
  ...group("LiteLLM's admin API", "litellm", liteLlmRoutes),
  ...operations,
]
