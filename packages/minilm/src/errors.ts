// The one error type of this package: a stable code for programs, a message with the next step for people.

export type MiniLmErrorCode =
  | "file_missing"
  | "hash_mismatch"
  /** The native library of onnxruntime-node cannot be loaded on this machine. */
  | "native_library"
  | "queue_full"
  | "worker_ended"
  | "inference_failed"
  | "closed"

export class MiniLmError extends Error {
  override readonly name = "MiniLmError"
  readonly code: MiniLmErrorCode

  constructor(code: MiniLmErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
