// Clients of the Responses API for tests: the official one, and a raw one that shows every byte of a stream as it arrives.
import { request, type ClientRequest, type IncomingMessage } from "node:http"
import OpenAI from "openai"
import type { WireEvent } from "../agents/index.ts"
import type { ResponsesServer } from "./responses-server.ts"

type Target = Pick<ResponsesServer, "url" | "apiKey">

export function openAiClient({ url, apiKey }: Target): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  /** What arrived, one entry per read of the socket. */
  readonly reads: string[]
  readonly text: string
  /** Parsed frames of a stream, without `[DONE]` and comments. */
  readonly events: WireEvent[]
  readonly json: Record<string, unknown>
}

export interface OpenAnswer {
  readonly request: ClientRequest
  readonly response: IncomingMessage
  /** The next event of the stream; undefined at its end. */
  next(): Promise<WireEvent | undefined>
}

/** Sends and waits for the whole answer. */
export async function send(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const { response } = await begin(target, method, path, body, headers)
  const chunks: Buffer[] = []
  const reads: string[] = []
  for await (const chunk of response) {
    chunks.push(chunk as Buffer) // no encoding was set
    reads.push((chunk as Buffer).toString())
  }
  const text = Buffer.concat(chunks).toString()
  const streamed = response.headers["content-type"]?.startsWith("text/event-stream") === true
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    reads,
    text,
    events: streamed ? eventsOf(text) : [],
    json: streamed || text === "" ? {} : (JSON.parse(text) as Record<string, unknown>), // answers of the API are objects
  }
}

/** Sends and reads the stream event by event; the caller may close it. */
export async function open(target: Target, method: string, path: string, body?: unknown): Promise<OpenAnswer> {
  const { request, response } = await begin(target, method, path, body, {})
  const frames = framesOf(response)
  return {
    request,
    response,
    async next() {
      const { value, done } = await frames.next()
      return done === true ? undefined : value
    },
  }
}

function begin(
  { url, apiKey }: Target,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body)
    const sent = request(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers },
    })
    sent.on("response", (response) => resolve({ request: sent, response }))
    sent.on("error", reject)
    sent.end(text)
  })
}

async function* framesOf(response: IncomingMessage): AsyncGenerator<WireEvent> {
  let rest = ""
  for await (const chunk of response) {
    rest += (chunk as Buffer).toString() // tests of split characters read the bytes
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      yield* eventsOf(rest.slice(0, end + 2))
      rest = rest.slice(end + 2)
    }
  }
}

/** Frames of a whole stream. */
export function eventsOf(text: string): WireEvent[] {
  return text.split("\n\n").flatMap((frame) => {
    const data = frame.split("\n").find((line) => line.startsWith("data: "))
    return data === undefined || data === "data: [DONE]" ? [] : [JSON.parse(data.slice(6)) as WireEvent]
  })
}
