// Reads the answer of a model that is called by chat completions or by Responses, as the request needed: the first bytes tell which.
import type { JsonObject } from "../../../core/index.ts"
import type { ModelEvent, ModelUsage } from "../../types.ts"
import { ResponsesReader } from "../openai-responses/reader.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { ChatStreamReader } from "./stream.ts"

export class EitherReader implements ProviderReader {
  readonly #options: ProviderReaderOptions
  #reader: ProviderReader | undefined
  /** Bytes before the first line has ended. */
  #head: Uint8Array[] = []

  constructor(options: ProviderReaderOptions) {
    this.#options = options
  }

  get done(): boolean {
    return this.#reader?.done ?? false
  }

  get usage(): ModelUsage {
    return this.#chosen().usage
  }

  feed(bytes: Uint8Array): Iterable<ModelEvent> {
    if (this.#reader) return this.#reader.feed(bytes)
    this.#head.push(bytes)
    return bytes.includes(lineFeed) && firstLine(this.#headBytes()).endsWith("\n") ? this.#chosen().feed(this.#headBytes()) : []
  }

  feedWhole(answer: JsonObject): ModelEvent[] {
    this.#reader = answer["object"] === "response" ? new ResponsesReader(this.#options) : new ChatStreamReader(this.#options)
    return this.#reader.feedWhole(answer)
  }

  *end(): Generator<ModelEvent> {
    if (!this.#reader) yield* this.#chosen().feed(this.#headBytes())
    yield* this.#chosen().end()
  }

  /** Chat completions name no events. */
  #chosen(): ProviderReader {
    const isResponse = /^(?:event: ?|data: ?\{"type": ?")response\./.test(firstLine(this.#headBytes()))
    this.#reader ??= isResponse ? new ResponsesReader(this.#options) : new ChatStreamReader(this.#options)
    return this.#reader
  }

  #headBytes(): Uint8Array {
    return Buffer.concat(this.#head)
  }
}

const lineFeed = 10

/** The first that is neither empty nor a comment; it may not have ended yet. */
function firstLine(bytes: Uint8Array): string {
  return /^(?:(?::.*)?\r?\n)*(.*\n?)/.exec(new TextDecoder().decode(bytes))?.[1] ?? ""
}
