// The messages between the thread that asks and the worker thread that runs the model.
import type { MiniLmErrorCode } from "./errors.ts"
import type { Passage } from "./encode.ts"
import type { TokenVectors } from "./late-interaction.ts"

export interface WorkerStart {
  directory: string
  flags: Int32Array
}

/** Places in `flags`, which both threads see: the model runs; no other run may begin. */
export const runningFlag = 0
export const stopFlag = 1

export type ToWorker = { type: "run"; id: number; passage: Passage; tokens: boolean } | { type: "close" }

export type FromWorker =
  | { type: "ready" }
  | { type: "load-failed"; code: MiniLmErrorCode; message: string }
  | { type: "vectors"; id: number; text: Float32Array; tokens: TokenVectors | null }
  | { type: "run-failed"; id: number; message: string }
