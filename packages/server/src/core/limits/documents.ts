// Files, their reading, and vector stores.
export interface DocumentLimits {
  /** Parsing one document. */
  parseTimeoutMs: number
  /** Threads that parse, and the memory that each may take. */
  parseWorkersMax: number
  parseMemoryMb: number
  /** Pages, slides, sheets or chapters of one file; its text; what its archive may unpack to. */
  filePagesMax: number
  fileCharactersMax: number
  fileUnpackedBytesMax: number
  /** Chunks that one file may give. */
  fileChunksMax: number
  /** Files in one vector store. */
  vectorStoreFilesMax: number
  /** Files of one batch that are ingested at the same time. */
  fileBatchInFlightMax: number
  /** Largest part of an upload in parts; OpenAI's limit too. */
  uploadPartBytesMax: number
  /** Time that an upload in parts may take; OpenAI's is an hour too. */
  uploadLifeMs: number
  /** Between two looks for files and vector stores that have expired; time for which an expired vector store can be brought back. */
  expirySweepMs: number
  expiredStoreKeptMs: number
}

export const documentLimits: DocumentLimits = {
  parseTimeoutMs: 60_000,
  parseWorkersMax: 2,
  parseMemoryMb: 512,
  filePagesMax: 5_000,
  fileCharactersMax: 32_000_000,
  fileUnpackedBytesMax: 256 * 1024 * 1024,
  fileChunksMax: 20_000,
  vectorStoreFilesMax: 10_000,
  fileBatchInFlightMax: 8,
  uploadPartBytesMax: 64 * 1024 * 1024,
  uploadLifeMs: 3_600_000,
  expirySweepMs: 60_000,
  expiredStoreKeptMs: 24 * 60 * 60 * 1000,
}
