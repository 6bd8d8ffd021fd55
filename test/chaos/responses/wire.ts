// What clients of the server use: raw HTTP that keeps each event's exact text, the official client, and plain JSON requests.
import { request, type IncomingMessage } from "node:http"
import { APIConnectionError, APIError, type OpenAI } from "openai"
import { openAiClient } from "../../../packages/server/src/testing/response-client.ts"

export interface Target {
  readonly url: string
  readonly apiKey: string
}

export interface Request {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** The server answered, and its answer was no. */
export class Refused extends Error {
  readonly status: number
  constructor(status: number, text: string) {
    super(`${status} ${text.slice(0, 500)}`)
    this.status = status
  }
}

/** The stream told of an error, in the way of its protocol. */
export class ToldError extends Error {}

const silenceMs = 60_000

export async function sendJson<T>(target: Target, what: Request): Promise<T> {
  const response = await answerOf(target, what)
  return JSON.parse(await textOf(response)) as T
}

/** The JSON texts of a stream's events as they came; throws where the stream ends without its end mark. */
export async function* rawEvents(target: Target, what: Request): AsyncGenerator<string> {
  const response = await answerOf(target, what)
  response.setEncoding("utf8")
  let rest = ""
  try {
    for await (const chunk of response) {
      rest += String(chunk)
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const data = rest
          .slice(0, end)
          .split("\n")
          .find((line) => line.startsWith("data: "))
          ?.slice(6)
        rest = rest.slice(end + 2)
        if (data === "[DONE]") return
        if (data !== undefined) yield data
      }
    }
    throw new Error("the stream ended without [DONE]")
  } finally {
    response.destroy()
  }
}

/** The same through the official client: its events, written again. */
export async function* clientEvents(target: Target, what: Request): AsyncGenerator<string> {
  const { responses } = openAiClient(target)
  const headers = what.headers ?? {}
  const stream =
    what.method === "POST"
      ? await responses.create({ ...what.body, stream: true } as OpenAI.Responses.ResponseCreateParamsStreaming, { headers })
      : await responses.retrieve(...retrieval(what.path))
  try {
    for await (const event of stream) yield JSON.stringify(event)
  } catch (error) {
    const told = error instanceof APIError && !(error instanceof APIConnectionError) && error.status === undefined
    throw told && error.error !== undefined ? new ToldError(error.message, { cause: error }) : error
  }
}

function retrieval(path: string): [id: string, query: { stream: true; starting_after?: number }] {
  const { pathname, searchParams } = new URL(path, "http://any")
  const after = searchParams.get("starting_after")
  return [pathname.split("/").at(-1) ?? "", { stream: true, ...(after === null ? {} : { starting_after: Number(after) }) }]
}

async function answerOf({ url, apiKey }: Target, { method, path, body, headers }: Request): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const all = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers }
    const sent = request(`${url}${path}`, { method, headers: all, agent: false, timeout: silenceMs }, resolve)
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${path} was silent for ${silenceMs} ms`)))
    sent.on("error", reject)
    sent.end(body && JSON.stringify(body))
  })
  if (response.statusCode === 200) return response
  throw new Refused(response.statusCode ?? 0, await textOf(response))
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8")
  let text = ""
  for await (const chunk of response) text += String(chunk)
  return text
}
