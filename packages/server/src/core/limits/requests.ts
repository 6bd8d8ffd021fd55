// Requests and answers on the way between a client and this server: bodies, heads, pages, connections.
export interface RequestLimits {
  /** Largest request body of an inference or API call; Anthropic's own limit is 32 MB. */
  requestBodyBytesMax: number
  /** Largest uploaded file. */
  fileBytesMax: number
  /** All stored files that one response names in its messages, as they are, before base64. */
  attachedBytesMax: number
  /** Rows returned by one page of a list. */
  pageRowsMax: number
  /** Time that the head of a stream is held back waiting for the upstream's first content. */
  headHoldMs: number
  /** Idle time after which a comment keeps a stream open. */
  keepAliveMs: number
  /** Largest JSON answer that is held until it is complete, so that its cost can be in its head; embeddings may have to be re-encoded. */
  heldAnswerBytesMax: number
  heldEmbeddingsBytesMax: number
  /** Texts of one embeddings request that is served in this process. */
  embeddingInputsMax: number
  /** Documents of one rerank request. */
  rerankDocumentsMax: number
  /** Longest wait for the head of a request, from its first byte, or from the opening of a connection. */
  requestHeadMs: number
  /** How long a client's connection is kept between two requests. */
  connectionKeptMs: number
  /** What a client may send ahead, of further requests on the same connection, before it is not read on until it has its answer. */
  pipelinedBytesMax: number
  /** Tags that a request gives itself, beside those of its key. */
  requestTagsMax: number
  requestTagCharactersMax: number
  /** What a request says of itself, kept with its run. */
  requestMetadataKeysMax: number
  requestMetadataKeyCharactersMax: number
  /** Of one value, as text; lists as JSON. */
  requestMetadataValueCharactersMax: number
}

export const requestLimits: RequestLimits = {
  requestBodyBytesMax: 32 * 1024 * 1024,
  fileBytesMax: 64 * 1024 * 1024,
  attachedBytesMax: 32 * 1024 * 1024,
  pageRowsMax: 100,
  headHoldMs: 2_000,
  keepAliveMs: 15_000,
  heldAnswerBytesMax: 1024 * 1024,
  heldEmbeddingsBytesMax: 64 * 1024 * 1024,
  embeddingInputsMax: 2_048,
  rerankDocumentsMax: 10_000,
  requestHeadMs: 60_000,
  connectionKeptMs: 75_000,
  pipelinedBytesMax: 64 * 1024,
  requestTagsMax: 32,
  requestTagCharactersMax: 128,
  requestMetadataKeysMax: 32,
  requestMetadataKeyCharactersMax: 64,
  requestMetadataValueCharactersMax: 512,
}
