// The routes of responses.
import * as openai from "./openai.ts"

export const responseRoutes = [
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
] as const
