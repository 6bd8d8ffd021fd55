// `If-Match` and `If-None-Match` as preconditions of a write, and the answer when one does not hold.
import { errorType } from "@perdure/contract"
import type { Context } from "hono"
import type { Precondition } from "../../context/index.ts"
import { AppError } from "../../core/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "./answer.ts"

/** A version (`3`, `"3"`) or a SHA-256 in hexadecimal digits; `*` is any. */
export function preconditionOf(context: Context<HttpEnv>): Precondition | undefined {
  const match = context.req.header("if-match")?.trim()
  const noneMatch = context.req.header("if-none-match")?.trim()
  if (match !== undefined && noneMatch !== undefined)
    throw new AppError("invalid_request", "If-Match and If-None-Match together cannot hold.", {
      param: "If-Match",
      hint: "Send one of them.",
    })
  if (noneMatch !== undefined) {
    if (noneMatch === "*") return { kind: "absent" }
    throw new AppError("unsupported_value", `If-None-Match is '${noneMatch.slice(0, 80)}'; a write takes only * there.`, {
      param: "If-None-Match",
    })
  }
  return match === undefined ? undefined : seen(match)
}

function seen(text: string): Precondition {
  if (text === "*") return { kind: "present" }
  const value = text.replace(/^"(.*)"$/, "$1")
  if (/^\d{1,9}$/.test(value)) return { kind: "version", version: Number(value) }
  if (/^[0-9a-f]{64}$/i.test(value)) return { kind: "sha256", sha256: value.toLowerCase() }
  throw new AppError("unsupported_value", `If-Match is '${text.slice(0, 80)}', which is no version and no SHA-256.`, {
    param: "If-Match",
    hint: 'Send the ETag of a read (`"3"`), or the sha256 that it told.',
  })
}

/** The current value comes with the refusal, so that its writer can merge and try again at once. */
export function preconditionFailed(current: { version: number } | null): Response {
  const message =
    current === null
      ? "There is nothing here that could match."
      : `Something else is here now: version ${current.version}. Merge with it and try again.`
  const error = { message, type: errorType("precondition_failed"), param: "If-Match", code: "precondition_failed" }
  const response = answer({ error, current }, 412)
  if (current !== null) response.headers.set("etag", etagOf(current.version))
  return response
}

export function etagOf(version: number): string {
  return `"${version}"`
}

/** An answer with its version as ETag. */
export function versioned(value: { version: number; seq?: number }): Response {
  const response = answer(value)
  response.headers.set("etag", etagOf(value.version))
  return response
}
