// Routes of OpenAI's Files, Uploads and Vector stores APIs, with their schemas.
import * as openai from "./openai.ts"

export const fileRoutes = [
  {
    method: "POST",
    path: "/v1/files",
    summary: "Upload a file",
    request: openai.fileUploadSchema,
    requestType: "multipart/form-data",
    response: openai.fileSchema,
  },
  { method: "GET", path: "/v1/files", summary: "List files", query: openai.pageQuerySchema, response: openai.fileListSchema },
  { method: "GET", path: "/v1/files/{id}", summary: "Read a file's description", response: openai.fileSchema },
  {
    method: "GET",
    path: "/v1/files/{id}/content",
    summary: "Download a file",
    response: null,
    responseType: "application/octet-stream",
  },
  {
    method: "DELETE",
    path: "/v1/files/{id}",
    summary: "Delete a file with what is searchable of it",
    query: openai.fileDeleteQuerySchema,
    response: openai.deletedSchema,
  },
] as const

export const uploadRoutes = [
  {
    method: "POST",
    path: "/v1/uploads",
    summary: "Announce a file that is sent in parts",
    request: openai.uploadRequestSchema,
    response: openai.uploadSchema,
  },
  {
    method: "POST",
    path: "/v1/uploads/{id}/parts",
    summary: "Send a part",
    request: openai.uploadPartRequestSchema,
    requestType: "multipart/form-data",
    response: openai.uploadPartSchema,
  },
  {
    method: "POST",
    path: "/v1/uploads/{id}/complete",
    summary: "Put the parts together, in the order named",
    request: openai.uploadCompleteSchema,
    response: openai.uploadSchema,
  },
  { method: "POST", path: "/v1/uploads/{id}/cancel", summary: "Give up an upload", response: openai.uploadSchema },
] as const

export const vectorStoreRoutes = [
  {
    method: "POST",
    path: "/v1/vector_stores",
    summary: "Create a vector store",
    request: openai.vectorStoreRequestSchema,
    response: openai.vectorStoreSchema,
  },
  {
    method: "GET",
    path: "/v1/vector_stores",
    summary: "List vector stores",
    query: openai.pageQuerySchema,
    response: openai.vectorStoreListSchema,
  },
  { method: "GET", path: "/v1/vector_stores/{id}", summary: "Read a vector store", response: openai.vectorStoreSchema },
  {
    method: "POST",
    path: "/v1/vector_stores/{id}",
    summary: "Change a vector store's name, metadata or expiry",
    request: openai.vectorStoreRequestSchema,
    response: openai.vectorStoreSchema,
  },
  { method: "DELETE", path: "/v1/vector_stores/{id}", summary: "Delete a vector store", response: openai.deletedSchema },
  {
    method: "POST",
    path: "/v1/vector_stores/{id}/files",
    summary: "Add a file: it is parsed, chunked and embedded by a durable run",
    request: openai.vectorStoreFileRequestSchema,
    response: openai.vectorStoreFileSchema,
  },
  {
    method: "GET",
    path: "/v1/vector_stores/{id}/files",
    summary: "List the files of a vector store",
    query: openai.pageQuerySchema,
    response: openai.vectorStoreFileListSchema,
  },
  {
    method: "GET",
    path: "/v1/vector_stores/{id}/files/{fileId}",
    summary: "Read how far the indexing of a file is",
    response: openai.vectorStoreFileSchema,
  },
  {
    method: "POST",
    path: "/v1/vector_stores/{id}/files/{fileId}",
    summary: "Change the attributes of a file",
    request: openai.vectorStoreFileUpdateSchema,
    response: openai.vectorStoreFileSchema,
  },
  {
    method: "GET",
    path: "/v1/vector_stores/{id}/files/{fileId}/content",
    summary: "Read the text that was taken from a file",
    response: openai.vectorStoreFileContentSchema,
  },
  {
    method: "DELETE",
    path: "/v1/vector_stores/{id}/files/{fileId}",
    summary: "Take a file out of a vector store",
    response: openai.deletedSchema,
  },
  {
    method: "POST",
    path: "/v1/vector_stores/{id}/file_batches",
    summary: "Add many files: each is ingested by a durable run of its own",
    request: openai.vectorStoreBatchRequestSchema,
    response: openai.vectorStoreBatchSchema,
  },
  {
    method: "GET",
    path: "/v1/vector_stores/{id}/file_batches/{batchId}",
    summary: "Read how far a batch of files is",
    response: openai.vectorStoreBatchSchema,
  },
  {
    method: "POST",
    path: "/v1/vector_stores/{id}/file_batches/{batchId}/cancel",
    summary: "Cancel what a batch of files has not done yet",
    response: openai.vectorStoreBatchSchema,
  },
  {
    method: "GET",
    path: "/v1/vector_stores/{id}/file_batches/{batchId}/files",
    summary: "List the files of a batch",
    query: openai.pageQuerySchema,
    response: openai.vectorStoreFileListSchema,
  },
  {
    method: "POST",
    path: "/v1/vector_stores/{id}/search",
    summary: "Search by meaning and by words",
    request: openai.vectorStoreSearchRequestSchema,
    response: openai.vectorStoreSearchSchema,
  },
] as const
