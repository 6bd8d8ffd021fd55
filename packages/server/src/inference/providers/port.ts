// What a provider's dialect must be able to do: a model call out as one HTTP request, its answer in as model events.
import type { JsonObject, NewId } from "../../core/index.ts"
import type { Deployment, Dialect, ModelCall, ModelEvent, ModelUsage } from "../types.ts"

export interface ProviderDialect {
  readonly name: Dialect
  /**
   * The request of a call. A call that would lose something essential there is refused with `unsupported_value`; what is left
   * out without harm is listed in docs/reference/translation.md.
   */
  chatRequest(call: ModelCall, deployment: Deployment, options: { stream: boolean }): ProviderRequest
  /** Reads one answer. */
  openReader(options: ProviderReaderOptions): ProviderReader
}

export interface ProviderRequest {
  /** Below the deployment's base URL: `/chat/completions`. */
  path: string
  /** Beside those that every call of the deployment carries. */
  headers: Readonly<Record<string, string>>
  body: string
}

export interface ProviderReaderOptions {
  deployment: Deployment
  newId: NewId
  /** Size of the request's body, for an estimate where no usage is reported. */
  inputChars: number
}

/**
 * `feed` the bytes of a stream as they come, or `feedWhole` one JSON answer, then `end`; each returns the events that became known.
 * A failure is thrown as UpstreamError: an error inside the stream, an event that cannot be read, an end without its terminal mark.
 */
export interface ProviderReader {
  feed(bytes: Uint8Array): ModelEvent[]
  feedWhole(answer: JsonObject): ModelEvent[]
  /** The transport has ended. */
  end(): ModelEvent[]
  /** The terminal mark has come: nothing after it matters. */
  readonly done: boolean
  /** What was used so far, for calls that are cut. */
  readonly usage: ModelUsage
}
