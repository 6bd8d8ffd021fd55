// Asks a token service or a machine's metadata for a credential. Nothing else here may reach link-local addresses: tools, documents and pages go by security/egress, which refuses them.
import { request } from "undici"
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import { textOf } from "./send.ts"

export interface CredentialQuestion {
  method?: "GET" | "POST" | "PUT"
  headers?: Readonly<Record<string, string>>
  body?: string
  timeoutMs?: number
}

export interface CredentialAnswer {
  status: number
  text: string
  /** Empty where the text is no JSON object. */
  json: JsonObject
}

const answerBytesMax = 256 * 1024
const usualTimeoutMs = 10_000

/** Redirects are not followed: a credential is asked for at the place that was configured, and nowhere else. */
export async function askForCredential(
  url: string,
  { method = "GET", headers = {}, body, timeoutMs = usualTimeoutMs }: CredentialQuestion = {},
): Promise<CredentialAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  const answer = await request(url, { method, headers, signal, ...(body === undefined ? {} : { body }) }).catch((error: unknown) => {
    // A client is told of this: the address is for the log alone.
    throw new Error(signal.aborted ? `no answer within ${timeoutMs} ms` : codeOf(error), { cause: error })
  })
  const text = (await textOf(answer.body, answerBytesMax)) ?? ""
  return { status: answer.statusCode, text, json: jsonIn(text) }
}

/** As forms are sent. */
export function askWithForm(url: string, form: Readonly<Record<string, string>>): Promise<CredentialAnswer> {
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" }
  return askForCredential(url, { method: "POST", headers, body: new URLSearchParams(form).toString() })
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "no connection"
}

function jsonIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
