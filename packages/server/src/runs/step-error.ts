// Errors of steps and runs as they are stored, and as a body meets them again on replay.
import { AppError, messageOf } from "../core/index.ts"
import type { RunError } from "./types.ts"

/** How a failed step reaches the body, the first time and on every replay alike. */
export class StepError extends Error {
  override readonly name = "StepError"
  readonly code: string
  constructor(error: RunError, cause?: unknown) {
    super(error.message, cause === undefined ? undefined : { cause })
    this.code = error.code
  }
}

export function never(): Promise<never> {
  return new Promise<never>(() => undefined)
}

export function runError(error: unknown): RunError {
  if (error instanceof AppError || error instanceof StepError) return { code: error.code, message: printable(error.message) }
  return { code: "server_error", message: printable(messageOf(error)) }
}

export function printable(message: string): string {
  return message.replaceAll("\0", "").toWellFormed().slice(0, 4_000)
}
