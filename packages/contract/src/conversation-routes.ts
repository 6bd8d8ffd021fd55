// The routes of conversations and the items in them.
import * as openai from "./openai.ts"

export const conversationRoutes = [
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
] as const
