// One model call on a deployment behind HTTP: request out, events in, whatever dialect it speaks.
import type { Dispatcher } from "undici"
import { isJsonObject, type Limits, type NewId } from "../../core/index.ts"
import type { Deployment, ModelCall, ModelEvent } from "../types.ts"
import { errorOfStatus, errorOfTransport, unreadable, UpstreamError } from "../upstream-error.ts"
import type { Upstreams, UpstreamTarget } from "../upstreams.ts"
import { dialectOf } from "./index.ts"
import type { ProviderReader, ProviderRequest } from "./port.ts"

export interface ProviderCallOptions {
  upstreams: Upstreams
  limits: Pick<Limits, "connectTimeoutMs" | "firstTokenTimeoutMs" | "idleTimeoutMs">
  newId: NewId
}

const errorBodyBytesMax = 64 * 1024
const completionBytesMax = 32 * 1024 * 1024

/** The events of the call; breaking out of the loop, or the signal, closes the upstream connection. */
export async function* callProvider(
  { upstreams, limits, newId }: ProviderCallOptions,
  deployment: Deployment,
  call: ModelCall,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const dialect = dialectOf(deployment)
  const request = dialect.chatRequest(call, deployment, { stream: true })
  const target = upstreams.target(deployment)
  const failed = (error: unknown): unknown =>
    signal.aborted || error instanceof UpstreamError ? error : errorOfTransport(deployment, error, limits)
  let answer: Dispatcher.ResponseData
  try {
    answer = await send(target, request, signal)
  } catch (error) {
    throw failed(error)
  }
  try {
    if (answer.statusCode !== 200)
      throw errorOfStatus(deployment, answer.statusCode, (await textOf(answer.body, errorBodyBytesMax)) ?? "", answer.headers)
    const reader = dialect.openReader({ deployment, newId, inputChars: request.body.length })
    if (isStream(answer.headers["content-type"])) yield* streamed(answer.body, reader)
    else yield* whole(answer.body, reader, deployment)
  } catch (error) {
    throw failed(error)
  } finally {
    answer.body.destroy() // errors after that concern nobody
  }
}

async function send(
  target: UpstreamTarget,
  { path: route, headers, body }: ProviderRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const path = target.pathOf(route)
  const all = { ...target.headers, accept: "text/event-stream", ...headers }
  const signed = await target.sign?.({ method: "POST", origin: target.origin, path, headers: all, body }, signal)
  return target.pool.request({ path, method: "POST", body, headers: { ...all, ...signed }, signal })
}

/** Event streams, and Bedrock's binary ones. */
function isStream(contentType: string | string[] | undefined): boolean {
  return /^(?:text\/event-stream|application\/vnd\.amazon\.eventstream|application\/x-ndjson)/.test(String(contentType ?? ""))
}

async function* streamed(body: AsyncIterable<Buffer>, reader: ProviderReader): AsyncGenerator<ModelEvent> {
  try {
    for await (const bytes of body) {
      yield* reader.feed(bytes)
      if (reader.done) break
    }
  } catch (error) {
    if (error instanceof UpstreamError) throw error
    // A connection that breaks after the finish reason has lost nothing.
    const rest = endOf(reader)
    if (!rest) throw error
    yield* rest
    return
  }
  yield* reader.end()
}

function endOf(reader: ProviderReader): ModelEvent[] | undefined {
  try {
    return reader.end()
  } catch {
    return undefined
  }
}

async function* whole(body: AsyncIterable<Buffer>, reader: ProviderReader, deployment: Deployment): AsyncGenerator<ModelEvent> {
  const text = await textOf(body, completionBytesMax)
  if (text === undefined) throw unreadable(deployment, `an answer of more than ${completionBytesMax} bytes`)
  let completion: unknown
  try {
    completion = JSON.parse(text)
  } catch {
    throw unreadable(deployment, "an answer that is neither an event stream nor JSON")
  }
  if (!isJsonObject(completion)) throw unreadable(deployment, "an answer that is not an object")
  yield* reader.feedWhole(completion)
  yield* reader.end()
}

/** Undefined when there is more than `sizeBytesMax`. */
async function textOf(body: AsyncIterable<Buffer>, sizeBytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > sizeBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
