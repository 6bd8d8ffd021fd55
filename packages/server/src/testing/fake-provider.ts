// A provider that speaks chat completions, Anthropic's messages, embeddings and models over real HTTP and does exactly what a test tells it to.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { anthropicError, anthropicModels, messageFramesOf, messageOf } from "./fake-anthropic-answers.ts"
import { completionOf, embeddingsOf, framesOf, textCompletionOf, textFramesOf } from "./fake-provider-answers.ts"
import { shapeFor, type ProviderShape } from "./fake-provider-shapes.ts"

/** What one request is answered with. Without anything it is the text "Hello from the fake provider." with usage. */
export interface FakeAnswer {
  /** The answer's text; an array gives the chunks of a stream. */
  text?: string | readonly string[]
  reasoning?: string | readonly string[]
  /** Anthropic's signature of the reasoning. */
  signature?: string
  /** Thinking that only Anthropic can read, after the reasoning. */
  redactedThinking?: string
  refusal?: string
  toolCalls?: readonly FakeToolCall[]
  /** Of Responses: items before everything else, as their provider sends them, with the events between beginning and end. */
  items?: readonly {
    item: Record<string, unknown>
    begun?: Record<string, unknown>
    events?: readonly ({ type: string } & Record<string, unknown>)[]
  }[]
  /** Of Responses: annotations of the text. */
  annotations?: readonly Record<string, unknown>[]
  /** The tier that served; chat completions tell none without it. */
  serviceTier?: string
  /** OpenAI's words; for Anthropic they are translated, and others pass as they are (`pause_turn`). */
  finishReason?: string | null
  /** The stop text that was met, for Anthropic. */
  stopSequence?: string
  /** Reported usage; `null` reports none. */
  usage?: FakeUsage | null
  /** `last-chunk` puts usage on the finishing chunk (choices not empty), `each-chunk` on every one; else as OpenAI does. */
  usageAt?: "extra-chunk" | "last-chunk" | "each-chunk"
  /** Before the head of the answer. */
  delayMs?: number
  /** After the head, before the first frame. */
  firstChunkDelayMs?: number
  /** Between the frames of a stream. */
  chunkDelayMs?: number
  /** An HTTP error; `message` in the error shape of the route unless `body` is given. */
  error?: { status: number; message?: string; type?: string; code?: string | null; body?: string; headers?: Record<string, string> }
  /** `data: {"error":…}` and `[DONE]` in a 200 stream, after so many frames; for Anthropic its error event, with `code` as the type. */
  streamError?: { afterFrames: number; message: string; code?: string; done?: boolean }
  /** How a stream ends: `done` with `[DONE]` or `message_stop`; `eof` closes cleanly without a marker; `reset` kills the socket in the middle of a frame; `hang` never ends. */
  ending?: "done" | "eof" | "reset" | "hang"
  /** Frames sent before an `eof`, `reset` or `hang`; all of them when absent. */
  framesMax?: number
  /** All frames of a stream in one write. */
  together?: boolean
  /** Bytes per write of the stream; whole frames when absent. */
  splitBytes?: number
  lineEnd?: "\n" | "\r\n"
  /** Never answers: the connection stays open. */
  hang?: boolean
  /** Sent as they are instead of everything above. */
  raw?: { status: number; headers: Record<string, string>; body: readonly (string | Uint8Array)[]; chunkDelayMs?: number; reset?: boolean }
  embeddingDimensions?: number
  /** The provider knows no base64 embeddings and answers floats. */
  floatsOnly?: boolean
}

export interface FakeToolCall {
  id: string
  name: string
  arguments: string | readonly string[]
  /** Of a custom tool, whose arguments are its text. Responses and chat completions have them. */
  custom?: boolean
  /** Sent as `index`; the position when absent, left out when null. */
  index?: number | null
}

export interface FakeUsage {
  prompt_tokens: number
  completion_tokens: number
  cached_tokens?: number
  reasoning_tokens?: number
  /** Written to Anthropic's cache, in all, and of that for an hour; both are part of `prompt_tokens`. */
  cache_write_tokens?: number
  cache_write_long_tokens?: number
  /** What it charges, in dollars, as OpenRouter tells it. */
  cost?: number
}

export interface ReceivedRequest {
  method: string
  path: string
  headers: IncomingMessage["headers"]
  /** The parsed body, `undefined` where it is not JSON. */
  body: Record<string, unknown>
  text: string
}

export type FakeScript = FakeAnswer | ((request: ReceivedRequest) => FakeAnswer | Promise<FakeAnswer>)

export async function startFakeProvider(always: FakeScript = {}): Promise<FakeProvider> {
  const provider = new FakeProvider(always)
  await provider.listen()
  return provider
}

/** Answers with what was queued by `next`, in order, and with the script given by `always` when the queue is empty. */
export class FakeProvider implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = []
  /** Requests whose client left before the answer was complete. */
  abortsCount = 0
  connectionsCount = 0
  readonly #server = createServer((request, response) => void this.#handle(request, response))
  #always: FakeScript
  readonly #queue: FakeScript[] = []
  #port = 0

  constructor(always: FakeScript) {
    this.#always = always
  }

  /** Base URL for clients, with `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1`
  }

  get last(): ReceivedRequest | undefined {
    return this.requests.at(-1)
  }

  next(...scripts: FakeScript[]): this {
    this.#queue.push(...scripts)
    return this
  }

  always(script: FakeScript): this {
    this.#always = script
    return this
  }

  async listen(port = 0): Promise<void> {
    this.#server.on("connection", () => (this.connectionsCount += 1))
    await new Promise<void>((resolve, reject) => this.#server.once("error", reject).listen(port, "127.0.0.1", resolve))
    this.#port = (this.#server.address() as AddressInfo).port // listening on TCP gives an AddressInfo
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("close", () => {
      if (!response.writableFinished) this.abortsCount++
    })
    try {
      const received = await receive(request)
      this.requests.push(received)
      const script = this.#queue.shift() ?? this.#always
      await answer(received, response, typeof script === "function" ? await script(received) : script)
    } catch {
      response.destroy() // the client left while its request was read
    }
  }
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer) // no encoding was set
  const text = Buffer.concat(chunks).toString()
  let body: Record<string, unknown> = {}
  try {
    body = JSON.parse(text) as Record<string, unknown> // tests send objects
  } catch {
    // recorded as text only
  }
  return { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body, text }
}

async function answer(request: ReceivedRequest, response: ServerResponse, script: FakeAnswer): Promise<void> {
  if (script.delayMs) await delay(script.delayMs)
  if (script.hang || response.destroyed) return
  if (script.raw) return sendRaw(response, script.raw)
  const shape = shapeFor(request.path)
  if (shape) return answerShaped(shape, request, response, script)
  const anthropic = /\/messages(?:\?|$)|:(?:streamR|r)awPredict$/.test(request.path) || request.headers["anthropic-version"] !== undefined
  if (script.error) return sendError(response, script.error, anthropic)
  if (/\/models(?:\?|$)/.test(request.path))
    return sendJson(
      response,
      anthropic ? anthropicModels : { object: "list", data: [{ id: "fake-model", object: "model", created: 1, owned_by: "fake" }] },
    )
  if (request.path.endsWith("/messages/count_tokens")) return sendJson(response, { input_tokens: script.usage?.prompt_tokens ?? 12 })
  if (request.path.endsWith("/embeddings")) return sendJson(response, embeddingsOf(request.body, script))
  if (/(?<!\/chat)\/completions$/.test(request.path)) return answerCompletion(request, response, script)
  if (request.body["stream"] === true) return sendStream(response, script, (anthropic ? messageFramesOf : framesOf)(request.body, script))
  return sendJson(response, (anthropic ? messageOf : completionOf)(request.body, script))
}

/** Legacy completions: the same text in their shape. */
function answerCompletion(request: ReceivedRequest, response: ServerResponse, script: FakeAnswer): Promise<void> | void {
  if (request.body["stream"] === true) return sendStream(response, script, textFramesOf(request.body, script))
  return sendJson(response, textCompletionOf(request.body, script))
}

async function answerShaped(shape: ProviderShape, request: ReceivedRequest, response: ServerResponse, script: FakeAnswer): Promise<void> {
  if (script.error) {
    const { status, body, headers } = script.error
    const own = shape.errorHeaders?.(script.error)
    response
      .writeHead(status, { "content-type": "application/json", ...own, ...headers })
      .end(body ?? JSON.stringify(shape.error(script.error)))
    return
  }
  if (shape.isStream(request)) return sendStream(response, script, shape.frames(request, script), shape.streamType)
  return sendJson(response, shape.whole(request, script))
}

function sendJson(response: ServerResponse, body: unknown): void {
  const text = JSON.stringify(body)
  response
    .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text), "x-request-id": "req_upstream" })
    .end(text)
}

function sendError(response: ServerResponse, error: NonNullable<FakeAnswer["error"]>, anthropic: boolean): void {
  const { status, message = "the fake provider refuses", type = "server_error", code = null, body, headers } = error
  const told = anthropic ? anthropicError(error) : { error: { message, type, param: null, code } }
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body ?? JSON.stringify(told))
}

async function sendRaw(response: ServerResponse, raw: NonNullable<FakeAnswer["raw"]>): Promise<void> {
  response.writeHead(raw.status, raw.headers).flushHeaders()
  for (const part of raw.body) {
    await write(response, part)
    if (raw.chunkDelayMs) await delay(raw.chunkDelayMs)
  }
  if (raw.reset) response.destroy()
  else response.end()
}

async function sendStream(
  response: ServerResponse,
  script: FakeAnswer,
  all: readonly (string | Buffer)[],
  contentType = "text/event-stream; charset=utf-8",
): Promise<void> {
  response.writeHead(200, { "content-type": contentType, "cache-control": "no-cache", "x-request-id": "req_upstream" }).flushHeaders()
  if (script.firstChunkDelayMs) await delay(script.firstChunkDelayMs)
  const ending = script.ending ?? "done"
  const sent = all.slice(0, ending === "done" ? undefined : script.framesMax)
  const frames = script.together ? [Buffer.concat(sent.map((frame) => Buffer.from(frame)))] : sent
  for (const [index, frame] of frames.entries()) {
    if (response.destroyed) return
    if (index > 0 && script.chunkDelayMs) await delay(script.chunkDelayMs)
    const bytes = typeof frame === "string" && script.lineEnd ? frame.replaceAll("\n", script.lineEnd) : frame
    await writeSplit(response, bytes, script.splitBytes)
  }
  if (ending === "hang") return
  if (ending === "reset") {
    const cut = all[sent.length]
    await write(response, typeof cut === "object" ? cut.subarray(0, cut.length >> 1) : 'data: {"id":"cut in the mid')
    response.destroy()
  } else response.end()
}

async function writeSplit(response: ServerResponse, text: string | Buffer, sizeBytes: number | undefined): Promise<void> {
  const bytes = Buffer.from(text)
  if (!sizeBytes) return write(response, bytes)
  for (let from = 0; from < bytes.length; from += sizeBytes) {
    await write(response, bytes.subarray(from, from + sizeBytes))
    await delay(0)
  }
}

/** Resolves when the bytes have left the process, so that parts arrive as parts. */
async function write(response: ServerResponse, part: string | Uint8Array): Promise<void> {
  if (response.destroyed) return
  await new Promise<void>((resolve) => response.write(part, () => resolve()))
}
