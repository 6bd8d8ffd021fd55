// The one error type that crosses folders: a stable code, an HTTP status, a message for people and the step that fixes it.
import type { ErrorCode } from "@perdure/contract"
import { errorStatus } from "@perdure/contract"

export interface AppErrorDetails {
  /** The next step that fixes it: a command, a setting, an allowed value. */
  hint?: string
  /** The request parameter at fault, by its path (`input[0].content`). */
  param?: string
  /** Milliseconds after which trying again makes sense. */
  retryAfterMs?: number
  cause?: unknown
}

/** An expected failure. The message names the thing, the value and what is allowed; never a secret or another project's fact. */
export class AppError extends Error {
  override readonly name = "AppError"
  readonly code: ErrorCode
  readonly status: number
  readonly hint: string | undefined
  readonly param: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.status = errorStatus(code)
    this.hint = details.hint
    this.param = details.param
    this.retryAfterMs = details.retryAfterMs
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
