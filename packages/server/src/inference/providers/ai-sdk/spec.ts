// The part of the AI SDK's provider specification that is used, in its versions 2, 3 and 4.
import type { JsonObject, JsonValue } from "../../../core/index.ts"

export type SpecificationVersion = "v2" | "v3" | "v4"

/** What `create…()` of a provider package returns: a function, or an object, that gives models. */
export interface SdkProvider {
  languageModel?: (modelId: string) => SdkLanguageModel
  chatModel?: (modelId: string) => SdkLanguageModel
  embeddingModel?: (modelId: string) => SdkEmbeddingModel
  textEmbeddingModel?: (modelId: string) => SdkEmbeddingModel
}

export interface SdkLanguageModel {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  /** By media type, what addresses the provider fetches by itself. */
  readonly supportedUrls?: SupportedUrls | PromiseLike<SupportedUrls>
  doStream?: (options: SdkCallOptions) => PromiseLike<{ stream: ReadableStream<SdkPart> }>
  doGenerate?: (options: SdkCallOptions) => PromiseLike<SdkAnswer>
}

export type SupportedUrls = Readonly<Record<string, readonly RegExp[]>>

export interface SdkEmbeddingModel {
  readonly maxEmbeddingsPerCall?: number | PromiseLike<number | undefined>
  doEmbed(options: { values: string[]; abortSignal: AbortSignal }): PromiseLike<{
    embeddings: number[][]
    usage?: { tokens: number }
  }>
}

export interface SdkCallOptions {
  prompt: readonly JsonObject[]
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  stopSequences?: string[]
  presencePenalty?: number
  frequencyPenalty?: number
  seed?: number
  responseFormat?: JsonObject
  tools?: readonly JsonObject[]
  toolChoice?: JsonObject
  /** From version 4 on. */
  reasoning?: string
  providerOptions?: JsonObject
  abortSignal: AbortSignal
}

/** A part of a stream, or of the content of a whole answer; types that are not named here are passed over. */
export interface SdkPart {
  type: string
  id?: string
  delta?: string
  text?: string
  toolCallId?: string
  toolName?: string
  input?: unknown
  providerExecuted?: boolean
  providerMetadata?: JsonObject
  mediaType?: string
  data?: unknown
  modelId?: string
  usage?: JsonObject
  finishReason?: JsonValue
  error?: unknown
}

export interface SdkAnswer {
  content: readonly SdkPart[]
  finishReason: JsonValue
  usage: JsonObject
  response?: { modelId?: string }
}
