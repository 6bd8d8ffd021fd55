// Turns of the Responses API over WebSocket, for tests: connect, ask, read to the terminal frame.
import type { ResponsesServer } from "./responses-server.ts"
import { openSocket, type SocketClient } from "./socket-client.ts"

export const responsesPath = "/v1/responses"
export type Frame = Record<string, unknown>
export const terminalTypes = ["response.completed", "response.incomplete", "response.failed", "error"]

export const authorized = (on: Pick<ResponsesServer, "apiKey">): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${on.apiKey}` },
})

export const connect = (on: Pick<ResponsesServer, "apiKey" | "url">): Promise<SocketClient> =>
  openSocket(on.url, responsesPath, authorized(on))

export const create = (body: object = {}): object => ({ type: "response.create", model: "fake-model", input: "Hello", ...body })

/** The frames of one turn, to its terminal one. */
export async function turn(client: SocketClient, body: unknown): Promise<Frame[]> {
  client.send(body)
  const frames: Frame[] = []
  do frames.push(await client.next())
  while (!terminalTypes.includes(frames.at(-1)?.["type"] as string))
  return frames
}

export interface Ended {
  readonly type: string
  readonly id: string
  readonly code: unknown
  readonly status: unknown
  readonly response: Frame
}

export async function endOf(client: SocketClient, body: unknown): Promise<Ended> {
  const last = (await turn(client, body)).at(-1) ?? {}
  const response = (last["response"] ?? {}) as Frame
  const { type, status, error } = last
  return { type: type as string, id: response["id"] as string, code: (error as Frame | undefined)?.["code"], status, response }
}
