// Reads a stream of server-sent events whose data is JSON objects, from bytes split anywhere.
import { createParser, type EventSourceParser } from "eventsource-parser"
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { unreadable } from "../upstream-error.ts"

/** Largest single event; a provider that never ends one is cut off. Pictures come in one event. */
const eventCharsMax = 32 * 1024 * 1024

export interface JsonEventsOptions {
  deployment: Deployment
  /** The answer is whole: nothing after it is read, so nothing there can be wrong. */
  isOver: () => boolean
  onEvent: (data: JsonObject, name: string | undefined) => void
  /** Told of `[DONE]`, which is no JSON and no end for dialects that have none. */
  onDone?: () => void
}

export class JsonEvents {
  readonly #parser: EventSourceParser
  readonly #decoder = new TextDecoder()

  constructor({ deployment, isOver, onEvent, onDone }: JsonEventsOptions) {
    this.#parser = createParser({
      maxBufferSize: eventCharsMax,
      onEvent: ({ event, data }) => {
        if (isOver()) return
        if (data.trim() === "[DONE]") return onDone?.()
        let object: unknown
        try {
          object = JSON.parse(data)
        } catch {
          throw unreadable(deployment, "an event that is not JSON")
        }
        if (!isJsonObject(object)) throw unreadable(deployment, "an event that is not an object")
        onEvent(object, event)
      },
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded" && !isOver())
          throw unreadable(deployment, `one event of more than ${eventCharsMax} characters`)
      },
    })
  }

  feed(bytes: Uint8Array): void {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }))
  }

  /** An event whose blank line is missing still counts. */
  end(): void {
    this.#parser.feed("\n\n")
  }
}
