// Bedrock's binary stream as the JSON of its messages: damage and exceptions inside are thrown as the errors that they are.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { unreadable } from "../../upstream-error.ts"
import { bedrockException } from "./errors.ts"
import { AwsEventStream, EventStreamDamaged, type AwsMessage } from "./event-stream.ts"

export interface BedrockEvent {
  type: string
  data: JsonObject
}

export class BedrockEvents {
  readonly #deployment: Deployment
  readonly #stream = new AwsEventStream()

  constructor(deployment: Deployment) {
    this.#deployment = deployment
  }

  /** The events before a failure come first: it is thrown when it is reached. */
  *feed(bytes: Uint8Array): Generator<BedrockEvent> {
    try {
      for (const message of this.#stream.feed(bytes)) yield this.#event(message)
    } catch (error) {
      if (error instanceof EventStreamDamaged) throw unreadable(this.#deployment, error.message)
      throw error
    }
  }

  #event({ headers, payload }: AwsMessage): BedrockEvent {
    const type = headers.get(":message-type")
    if (type === "error")
      throw bedrockException(this.#deployment, headers.get(":error-code") ?? "", { message: headers.get(":error-message") ?? "" })
    const data = this.#json(payload)
    if (type === "exception") throw bedrockException(this.#deployment, headers.get(":exception-type") ?? "", data)
    return { type: headers.get(":event-type") ?? "", data }
  }

  #json(payload: Uint8Array): JsonObject {
    let value: unknown
    try {
      value = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString())
    } catch {
      throw unreadable(this.#deployment, "an event that is not JSON")
    }
    if (!isJsonObject(value)) throw unreadable(this.#deployment, "an event that is not an object")
    return value
  }
}
