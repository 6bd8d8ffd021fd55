// The route table: every route that the server answers under /v1 and for operators, with its schemas; the OpenAPI document is made from it.
import type { z } from "zod"
import * as anthropic from "./anthropic.ts"
import { batchRoutes } from "./batches.ts"
import { blockRoutes } from "./blocks.ts"
import { changeRoutes } from "./changes.ts"
import { fileRoutes, uploadRoutes, vectorStoreRoutes } from "./document-routes.ts"
import { deploymentsSchema } from "./deployments.ts"
import { experimentRoutes } from "./experiments.ts"
import { feedbackRoutes } from "./feedback.ts"
import * as keys from "./keys.ts"
import { keyRoutes } from "./key-routes.ts"
import { liteLlmHealthRoutes, liteLlmRoutes } from "./litellm.ts"
import * as media from "./media.ts"
import * as erasures from "./erasures.ts"
import { mcpQuerySchema } from "./memories.ts"
import { memoryRoutes } from "./memory-routes.ts"
import { memoryUpkeepRoutes } from "./memory-upkeep.ts"
import * as openai from "./openai.ts"
import { promptRoutes } from "./prompts.ts"
import { scopeRoutes } from "./scopes.ts"
import * as runs from "./runs.ts"
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

const responses = group("Responses", "openai", [
  {
    method: "POST",
    path: "/v1/responses",
    summary: "Create a response: a durable run when it is stored",
    request: openai.responseRequestSchema,
    response: openai.responseSchema,
    streams: true,
  },
  {
    method: "POST",
    path: "/v1/responses/compact",
    summary: "Compact a conversation: what its next request sends in place of it",
    request: openai.responseRequestSchema,
    response: openai.compactionSchema,
  },
  {
    method: "POST",
    path: "/v1/responses/input_tokens",
    summary: "Count the tokens of a request without answering it",
    request: openai.responseRequestSchema,
    response: openai.inputTokensSchema,
  },
  {
    method: "GET",
    path: "/v1/responses/{id}",
    summary: "Read a response, or its events again after a sequence number",
    query: openai.responseQuerySchema,
    response: openai.responseSchema,
    streams: true,
  },
  { method: "POST", path: "/v1/responses/{id}/cancel", summary: "Cancel a background response", response: openai.responseSchema },
  { method: "DELETE", path: "/v1/responses/{id}", summary: "Delete a response with its run", response: openai.deletedSchema },
  {
    method: "GET",
    path: "/v1/responses/{id}/input_items",
    summary: "List what a response was asked",
    query: openai.pageQuerySchema,
    response: openai.responseItemListSchema,
  },
  {
    method: "GET",
    path: "/v1/responses/{id}/tool_results/{handle}",
    summary: "What a tool answered in or before a response, also where its model is not shown it any more",
    query: openai.toolResultQuerySchema,
    response: openai.toolResultSchema,
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

const conversations = group("Conversations", "openai", [
  {
    method: "POST",
    path: "/v1/conversations",
    summary: "Create a conversation, with its first items if wanted",
    request: openai.conversationRequestSchema,
    response: openai.conversationSchema,
  },
  { method: "GET", path: "/v1/conversations/{id}", summary: "Read a conversation", response: openai.conversationSchema },
  {
    method: "POST",
    path: "/v1/conversations/{id}",
    summary: "Change the metadata of a conversation",
    request: openai.conversationRequestSchema,
    response: openai.conversationSchema,
  },
  {
    method: "DELETE",
    path: "/v1/conversations/{id}",
    summary: "Delete a conversation with its items",
    query: openai.conversationDeleteQuerySchema,
    response: openai.deletedSchema,
  },
  {
    method: "POST",
    path: "/v1/conversations/{id}/items",
    summary: "Add items to a conversation",
    query: openai.conversationIncludeQuerySchema,
    request: openai.conversationItemsRequestSchema,
    response: openai.responseItemListSchema,
  },
  {
    method: "GET",
    path: "/v1/conversations/{id}/items",
    summary: "List the items of a conversation",
    query: openai.conversationItemsQuerySchema,
    response: openai.responseItemListSchema,
  },
  {
    method: "GET",
    path: "/v1/conversations/{id}/items/{item}",
    summary: "Read one item",
    query: openai.conversationIncludeQuerySchema,
    response: openai.conversationItemSchema,
  },
  {
    method: "DELETE",
    path: "/v1/conversations/{id}/items/{item}",
    summary: "Delete one item; answers with the conversation",
    response: openai.conversationSchema,
  },
])

const files = group("Files", "openai", fileRoutes)

const uploads = group("Uploads", "openai", uploadRoutes)

const batches = group("Batches", "openai", batchRoutes)

const vectorStores = group("Vector stores", "openai", vectorStoreRoutes)

const erasureRoutes = group("Erasures", "perdure", [
  {
    method: "POST",
    path: "/v1/erasures",
    summary: "Erase data for good, or count what would go",
    request: erasures.erasureCreateRequestSchema,
    response: erasures.erasureSchema,
    status: 201,
  },
  {
    method: "GET",
    path: "/v1/erasures",
    summary: "List erasures with their receipts",
    query: erasures.erasureListQuerySchema,
    response: erasures.erasureListSchema,
  },
  { method: "GET", path: "/v1/erasures/{id}", summary: "Read an erasure and its receipt", response: erasures.erasureSchema },
])

const runRoutes = group("Runs", "perdure", [
  {
    method: "POST",
    path: "/v1/runs",
    summary: "Start a workflow; the same Idempotency-Key gives the same run",
    request: runs.runStartRequestSchema,
    response: runs.runSchema,
  },
  { method: "GET", path: "/v1/runs", summary: "List runs, newest first", query: runs.runListQuerySchema, response: runs.runListSchema },
  {
    method: "GET",
    path: "/v1/runs/stream",
    summary: "Follow the list: a run's summary whenever it changes",
    response: null,
    responseType: "text/event-stream",
  },
  { method: "GET", path: "/v1/runs/{id}", summary: "Read a run", response: runs.runSchema },
  {
    method: "GET",
    path: "/v1/runs/{id}/events",
    summary: "Read a run's log",
    query: runs.runEventsQuerySchema,
    response: runs.runEventsSchema,
  },
  {
    method: "GET",
    path: "/v1/runs/{id}/spans",
    summary: "Read a run as a trace: its log as a tree of OpenTelemetry spans",
    response: runs.runSpansSchema,
  },
  {
    method: "GET",
    path: "/v1/runs/{id}/stream",
    summary: "Follow a run's log; each frame's id is the event's seq",
    query: runs.runStreamQuerySchema,
    response: null,
    responseType: "text/event-stream",
  },
  {
    method: "POST",
    path: "/v1/runs/{id}/cancel",
    summary: "Cancel a run",
    request: runs.runCancelRequestSchema,
    response: runs.runCancelSchema,
  },
  {
    method: "POST",
    path: "/v1/runs/{id}/signals/{name}",
    summary: "Send a signal that a run waits for, or will",
    request: runs.runSignalRequestSchema,
    response: runs.runSignalSchema,
  },
  {
    method: "POST",
    path: "/v1/runs/{id}/resolve",
    summary: "Decide on a run that is in doubt",
    request: runs.runResolveRequestSchema,
    response: runs.runSchema,
  },
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
  ...responses,
  ...realtime,
  ...conversations,
  ...files,
  ...uploads,
  ...batches,
  ...vectorStores,
  ...group("Memories", "perdure", [...memoryUpkeepRoutes, ...memoryRoutes]),
  ...erasureRoutes,
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
  ...runRoutes,
  ...group("Prompts", "perdure", promptRoutes),
  ...group("Experiments", "perdure", experimentRoutes),
  ...group("Feedback", "perdure", feedbackRoutes),
  ...group("Keys and usage", "perdure", keyRoutes),
  ...group("LiteLLM's admin API", "litellm", liteLlmRoutes),
  ...operations,
]
