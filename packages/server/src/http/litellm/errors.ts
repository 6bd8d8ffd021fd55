// Failures as LiteLLM's admin API tells them: its types, and the HTTP status as the code.
import { AppError } from "../../core/index.ts"
import type { WireShape } from "../light/wire-shape.ts"
import { errorAnswer, openAiShape } from "../openai/errors.ts"

const types: Readonly<Partial<Record<AppError["code"], string>>> = {
  insufficient_quota: "budget_exceeded",
  model_not_allowed: "key_model_access_denied",
  not_found: "not_found_error",
}

export const liteLlmShape: WireShape = {
  ...openAiShape,
  errorAnswer: (error, requestId) => {
    const { status, headers, body } = errorAnswer(error, requestId)
    const { message, param } = body.error
    return { status, headers, body: { error: { message, type: typeOf(error, status), param, code: String(status) } } }
  },
}

function typeOf(error: unknown, status: number): string {
  const known = error instanceof AppError ? types[error.code] : undefined
  if (known !== undefined) return known
  if (status === 401 || status === 403) return "auth_error"
  return status < 500 ? "bad_request_error" : "internal_server_error"
}
