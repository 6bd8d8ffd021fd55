// Sends one request to a deployment and reads its JSON answer; for streams only sends.
import type { Dispatcher } from "undici"
import { isJsonObject, type JsonObject, type Limits } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { errorOfStatus, errorOfTransport, unreadable, UpstreamError } from "../upstream-error.ts"
import type { Upstreams, UpstreamTarget } from "../upstreams.ts"
import type { ProviderRequest } from "./port.ts"
import { refusesSignature } from "./sign-request.ts"

export interface SendOptions {
  upstreams: Upstreams
  limits: Pick<Limits, "connectTimeoutMs" | "firstTokenTimeoutMs" | "idleTimeoutMs">
}

export const errorBodyBytesMax = 64 * 1024
export const answerBytesMax = 32 * 1024 * 1024

/** What the request says in its own headers stands above `accept`. */
export async function send(
  target: UpstreamTarget,
  { path: route, headers, body }: ProviderRequest,
  accept: string,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const path = target.pathOf(route)
  const all = { ...target.headers, accept, ...headers }
  const once = async (): Promise<Dispatcher.ResponseData> => {
    const signed = await target.sign?.({ method: "POST", origin: target.origin, path, headers: all, body }, signal)
    return target.pool.request({ path, method: "POST", body, headers: { ...all, ...signed }, signal })
  }
  const answer = await once()
  if (!refusesSignature(answer.statusCode, answer.headers) || target.sign?.forget?.() !== true) return answer
  // It ended before its time, or was taken back: asked once more with a new one.
  await answer.body.dump({ limit: errorBodyBytesMax })
  return once()
}

/** The answer to a request that is not streamed; anything else is thrown as UpstreamError. */
export async function ask(
  { upstreams, limits }: SendOptions,
  deployment: Deployment,
  request: ProviderRequest,
  signal: AbortSignal,
): Promise<JsonObject> {
  try {
    const answer = await send(upstreams.target(deployment), request, "application/json", signal)
    const isError = answer.statusCode !== 200
    const text = await textOf(answer.body, isError ? errorBodyBytesMax : answerBytesMax)
    if (isError) throw errorOfStatus(deployment, answer.statusCode, text ?? "", answer.headers)
    return answerIn(text, deployment)
  } catch (error) {
    throw signal.aborted || error instanceof UpstreamError ? error : errorOfTransport(deployment, error, limits)
  }
}

/** Undefined when there is more than `sizeBytesMax`. */
export async function textOf(body: AsyncIterable<Buffer>, sizeBytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > sizeBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export function answerIn(text: string | undefined, deployment: Deployment): JsonObject {
  if (text === undefined) throw unreadable(deployment, `an answer of more than ${answerBytesMax} bytes`)
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw unreadable(deployment, "an answer that is neither an event stream nor JSON")
  }
  if (!isJsonObject(answer)) throw unreadable(deployment, "an answer that is not an object")
  return answer
}
