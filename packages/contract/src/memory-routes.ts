// The routes of memory: remember and recall, look after what is remembered, and take sources back.
import * as memories from "./memories.ts"
import { memorySearchRequestSchema, memorySearchSchema } from "./memory-search.ts"

export const memoryRoutes = [
  {
    method: "POST",
    path: "/v1/memories",
    summary: "Remember a statement",
    request: memories.memoryCreateRequestSchema,
    response: memories.memoryCreatedSchema,
    status: 201,
  },
  {
    method: "GET",
    path: "/v1/memories",
    summary: "List the memories of a scope",
    query: memories.memoryListQuerySchema,
    response: memories.memoryListSchema,
  },
  { method: "GET", path: "/v1/memories/{id}", summary: "Read a memory", response: memories.memorySchema },
  {
    method: "POST",
    path: "/v1/memories/search",
    summary: "Recall memories of a scope",
    request: memorySearchRequestSchema,
    response: memorySearchSchema,
  },
  { method: "DELETE", path: "/v1/memories/{id}", summary: "Forget a memory", response: memories.memoryDeletedSchema },
  {
    method: "GET",
    path: "/v1/memories/reviews",
    summary: "List what a person should decide on in a scope",
    query: memories.memoryReviewsQuerySchema,
    response: memories.memoryReviewsSchema,
  },
  {
    method: "GET",
    path: "/v1/memories/{id}/versions",
    summary: "List the versions of a memory, newest first",
    query: memories.memoryVersionsQuerySchema,
    response: memories.memoryVersionsSchema,
  },
  {
    method: "GET",
    path: "/v1/memories/{id}/explain",
    summary: "Tell what a memory rests on, down to its sources",
    response: memories.memoryExplanationSchema,
  },
  {
    method: "POST",
    path: "/v1/memories/{id}/confirm",
    summary: "Say it too: it gets the trust of the caller's own word",
    response: memories.memorySchema,
  },
  {
    method: "POST",
    path: "/v1/memories/{id}/retract",
    summary: "Stop believing a memory",
    request: memories.memoryRetractRequestSchema,
    response: memories.memorySchema,
  },
  {
    method: "POST",
    path: "/v1/memories/{id}/correct",
    summary: "Say what is right instead: it takes the place of a memory, which is told of still",
    request: memories.memoryCorrectRequestSchema,
    response: memories.memorySchema,
  },
  {
    method: "POST",
    path: "/v1/memories/{id}/redact",
    summary: "Take the text of a memory away and keep that it was there",
    response: memories.memorySchema,
  },
  {
    method: "PUT",
    path: "/v1/memories/{id}/pin",
    summary: "Pin a memory: it is put before models of its scope whatever is asked",
    response: memories.memorySchema,
  },
  { method: "DELETE", path: "/v1/memories/{id}/pin", summary: "Unpin a memory", response: memories.memorySchema },
  {
    method: "GET",
    path: "/v1/sources",
    summary: "List the origins of the memories of a scope",
    query: memories.sourceListQuerySchema,
    response: memories.sourceListSchema,
  },
  {
    method: "GET",
    path: "/v1/sources/{id}/blast_radius",
    summary: "Tell what came from a source or a stored file, what was derived of it, and which runs were given it",
    response: memories.blastRadiusSchema,
  },
  {
    method: "POST",
    path: "/v1/sources/{id}/revoke",
    summary: "Take back all that came from a source or a stored file and what rests on it alone",
    request: memories.sourceRevokeRequestSchema,
    response: memories.revocationSchema,
  },
] as const
