// Frames of the Responses API over WebSocket: what a client may send, and how a failure is told that has no response to tell it.
import type { IncomingHttpHeaders } from "node:http"
import { AppError, isJsonObject, type JsonObject } from "../../../core/index.ts"
import { parseJsonObject } from "../../request-body.ts"
import { errorAnswer } from "../errors.ts"
import { readResponseRequest, type ReadOptions } from "./read-request.ts"
import type { NewResponse } from "../../../agents/index.ts"

/** A turn as its client asked for it; `read` throws what is wrong with it, when its turn has come. */
export interface TurnRequest {
  /** The client's `stream_id`: turns of one lane follow each other, lanes run beside each other. */
  readonly lane: string | undefined
  readonly bytes: number
  readonly read: (reader: TurnReader) => Turn
}

/** Who reads a turn, when its turn has come. */
export type TurnReader = Pick<ReadOptions, "shaping" | "memories" | "limits" | "principal">

export interface Turn {
  readonly request: NewResponse
  /** W10: false asks for an id to continue from, without a call of the model. */
  readonly generate: boolean
}

/** Messages that clients send beside turns; none has anything to answer. */
const silent: ReadonlySet<string> = new Set(["response.processed"])

/** Undefined for what needs no answer. A frame that is no turn becomes one that fails, so that the error has its place in the order. `headers` are those of the upgrade: they hold for every turn. */
export function turnOf(data: Buffer, isBinary: boolean, headers: Readonly<IncomingHttpHeaders>): TurnRequest | undefined {
  const bytes = data.length
  try {
    if (isBinary) throw new AppError("invalid_request", "the frame is binary", { hint: "Send JSON as a text frame." })
    const { type, stream_id: lane, generate, ...body } = parseJsonObject(data)
    if (typeof type === "string" && silent.has(type)) return undefined
    const named = typeof lane === "string" && lanePattern.test(lane) ? lane : undefined
    if (lane !== undefined && lane !== null && named === undefined) throw badLane()
    if (type !== "response.create") return { lane: named, bytes, read: thrower(unknownType(type)) }
    return { lane: named, bytes, read: (reader) => readTurn(body, generate, { ...reader, headers }) }
  } catch (error) {
    return { lane: undefined, bytes, read: thrower(error) }
  }
}

const lanePattern = /^[A-Za-z0-9_.-]{1,256}$/

function badLane(): AppError {
  return new AppError("invalid_request", '"stream_id" is not a name of 1 to 256 letters, digits, "_", "." or "-"', { param: "stream_id" })
}

function unknownType(type: unknown): AppError {
  const said = typeof type === "string" ? `the type "${type.slice(0, 64)}"` : "no type"
  return new AppError("unsupported_value", `the frame has ${said}`, { param: "type", hint: 'Send {"type": "response.create", …}.' })
}

/** W2: the body of a create; what only means something over HTTP is passed over where it changes nothing, since Codex sends `stream`. */
function readTurn({ stream: _stream, stream_options: _options, ...body }: JsonObject, generate: unknown, options: ReadOptions): Turn {
  if (body["background"] === true) {
    throw new AppError("unsupported_value", '"background" is not for WebSockets: the response belongs to its connection', {
      param: "background",
      hint: "Create it over HTTP, or leave background out.",
    })
  }
  if (generate !== undefined && generate !== null && typeof generate !== "boolean")
    throw new AppError("invalid_type", '"generate" must be a boolean', { param: "generate" })
  const { request } = readResponseRequest(body, { ...options, warms: generate === false })
  return { request, generate: generate !== false }
}

function thrower(error: unknown): () => never {
  return () => {
    throw error
  }
}

/** W4: the error envelope; the status has both names that clients look for, and headers what an HTTP answer would have in its head. */
export function errorFrame(error: unknown, requestId: string): JsonObject {
  const { status, headers, body } = errorAnswer(error, requestId)
  const { type, message, param, code } = body.error
  return { type: "error", status, status_code: status, error: { type, code: code ?? type, message, param }, headers }
}

/** The terminal events of a turn. */
export function isTerminal(type: string): boolean {
  return type === "response.completed" || type === "response.incomplete" || type === "response.failed"
}

/** The id of the response that an event shows. */
export function responseIdIn(event: JsonObject): string {
  const { response } = event
  return isJsonObject(response) && typeof response["id"] === "string" ? response["id"] : ""
}
