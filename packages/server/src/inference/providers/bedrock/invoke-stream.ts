// The stream of InvokeModel as the event stream inside it: each binary event holds one event of the model's own dialect in base64.
import { isJsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { unreadable } from "../../upstream-error.ts"
import type { UnwrapStream } from "../envelope.ts"
import { BedrockEvents } from "./events.ts"

export class InvokeStream implements UnwrapStream {
  readonly #deployment: Deployment
  readonly #events: BedrockEvents

  constructor(deployment: Deployment) {
    this.#deployment = deployment
    this.#events = new BedrockEvents(deployment)
  }

  *feed(bytes: Uint8Array): Generator<Buffer> {
    for (const { type, data } of this.#events.feed(bytes)) {
      if (type === "chunk" && typeof data["bytes"] === "string") yield this.#frame(Buffer.from(data["bytes"], "base64"))
    }
  }

  /** The event's name stands at the beginning of what Anthropic sends; elsewhere it is looked for. */
  #frame(json: Buffer): Buffer {
    const start = /^\{"type":"([a-z_]+)"/.exec(json.toString("latin1", 0, 48))
    const type = start?.[1] ?? typeIn(json)
    if (type === undefined) throw unreadable(this.#deployment, "an event that is not JSON")
    // A line feed can only be white space between its tokens.
    const line = json.includes(10) ? Buffer.from(json.toString().replaceAll(/[\r\n]+/g, " ")) : json
    return Buffer.concat([Buffer.from(`event: ${type}\ndata: `), line, frameEnd])
  }
}

const frameEnd = Buffer.from("\n\n")

function typeIn(json: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(json.toString())
    return isJsonObject(value) && typeof value["type"] === "string" ? value["type"] : undefined
  } catch {
    return undefined
  }
}
