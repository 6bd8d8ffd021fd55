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
  /** Absent where it makes no vectors. */
  readonly embeddings?: EmbeddingsDialect
  /** Absent where it does not order documents. */
  readonly rerank?: RerankDialect
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
 * Of a stream it is thrown while the events are iterated, behind those that came before it in the same bytes.
 */
export interface ProviderReader {
  feed(bytes: Uint8Array): Iterable<ModelEvent>
  feedWhole(answer: JsonObject): ModelEvent[]
  /** The transport has ended. */
  end(): Iterable<ModelEvent>
  /** The terminal mark has come: nothing after it matters. */
  readonly done: boolean
  /** What was used so far, for calls that are cut. */
  readonly usage: ModelUsage
}

/** Vectors of texts. */
export interface EmbeddingsDialect {
  /** One request where the provider takes all of the texts, several where it does not. */
  requests(call: EmbeddingsCall, deployment: Deployment): readonly ProviderRequest[]
  /** The answer to one of those requests, in its order. */
  read(answer: JsonObject, deployment: Deployment): EmbeddingsAnswer
}

/** Documents by how well they fit a query. */
export interface RerankDialect {
  request(call: RerankCall, deployment: Deployment): ProviderRequest
  read(answer: JsonObject, deployment: Deployment): RerankAnswer
}

export interface EmbeddingsCall {
  texts: readonly string[]
  /** Null leaves it to the model. */
  dimensions: number | null
  /** What the vectors are for, where the provider makes a difference; texts to be found when null. */
  purpose: "document" | "query" | null
  user: string | null
}

export interface EmbeddingsAnswer {
  vectors: readonly (readonly number[])[]
  /** Null where the provider does not report it. */
  inputTokens: number | null
  /** What it charged for them, where it tells. */
  toldMicroUsd?: number
}

export interface RerankCall {
  query: string
  documents: readonly string[]
  /** How many of the best are wanted; all when null. */
  resultsMax: number | null
  /** Tokens that are read of each document; as many as the provider reads when null. */
  tokensPerDocumentMax: number | null
}

export interface RerankAnswer {
  /** Best first. `index`: position in the call. */
  results: readonly { index: number; score: number }[]
  /** Searches, as they are billed; null where the provider does not report it. */
  searchUnits: number | null
  inputTokens: number | null
}
