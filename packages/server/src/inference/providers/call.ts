// One model call on a deployment behind HTTP: request out, events in, whatever dialect it speaks.
import { on } from "node:events"
import type { Dispatcher } from "undici"
import type { NewId } from "../../core/index.ts"
import type { Deployment, ModelCall, ModelEvent } from "../types.ts"
import { errorOfStatus, errorOfTransport, UpstreamError } from "../upstream-error.ts"
import { dialectOf } from "./index.ts"
import type { ProviderReader } from "./port.ts"
import { answerBytesMax, answerIn, errorBodyBytesMax, send, textOf, type SendOptions } from "./send.ts"

export interface ProviderCallOptions extends SendOptions {
  newId: NewId
}

const restBytesMax = 16 * 1024
/** Pieces of an answer that wait for a slow reader before its connection is no longer read; one has up to 64 KB. */
const heldPiecesMax = 16

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
    answer = await send(target, request, "text/event-stream", signal)
  } catch (error) {
    throw failed(error)
  }
  answer.body.on("error", () => undefined) // of what is cut or read away below, when nobody listens any more
  let isWhole = false
  try {
    if (answer.statusCode !== 200)
      throw errorOfStatus(deployment, answer.statusCode, (await textOf(answer.body, errorBodyBytesMax)) ?? "", answer.headers)
    const reader = dialect.openReader({ deployment, newId, inputChars: request.body.length })
    if (isStream(answer.headers["content-type"])) yield* streamed(piecesOf(answer.body), reader)
    else {
      yield* reader.feedWhole(answerIn(await textOf(answer.body, answerBytesMax), deployment))
      yield* reader.end()
    }
    isWhole = true
  } catch (error) {
    throw failed(error)
  } finally {
    // What a provider sends after the end is awaited, so that its connection serves the next call.
    if (isWhole) void answer.body.dump({ limit: restBytesMax }).catch(() => undefined)
    else answer.body.destroy()
  }
}

/** Event streams, and Bedrock's binary ones. */
function isStream(contentType: string | string[] | undefined): boolean {
  return /^(?:text\/event-stream|application\/vnd\.amazon\.eventstream|application\/x-ndjson)/.test(String(contentType ?? ""))
}

/** What came before a connection broke is still read, which is lost where a stream is iterated by itself. Leaving the loop keeps it open. */
async function* piecesOf(body: Dispatcher.ResponseData["body"]): AsyncGenerator<Buffer> {
  const pieces = on(body, "data", { close: ["end", "close"], highWaterMark: heldPiecesMax, lowWaterMark: 1 })
  for await (const [piece] of pieces as AsyncIterable<[Buffer]>) yield piece
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
    return [...reader.end()]
  } catch {
    return undefined
  }
}
