// Batches: many requests of one file.
export interface BatchLimits {
  /** Largest file of the purpose batch; it is stored in parts as it comes. */
  batchFileBytesMax: number
  /** Requests of one batch; OpenAI's limit too. */
  batchLinesMax: number
  /** Times that a line of a batch is tried whose provider fails; limits are waited for until the batch expires. */
  batchLineTriesMax: number
  /** Time after which a batch expires; its clients are told 24 hours. */
  batchLifeMs: number
  /** Largest answer to a line of a batch. */
  batchAnswerBytesMax: number
  /** Time for which results of batches are kept after their end, and files of the purpose batch after they were made, unless they say otherwise. */
  batchResultsKeptMs: number
}

export const batchLimits: BatchLimits = {
  batchFileBytesMax: 200 * 1024 * 1024,
  batchLinesMax: 50_000,
  batchLineTriesMax: 4,
  batchLifeMs: 24 * 60 * 60 * 1000,
  batchAnswerBytesMax: 32 * 1024 * 1024,
  batchResultsKeptMs: 30 * 24 * 60 * 60 * 1000,
}
