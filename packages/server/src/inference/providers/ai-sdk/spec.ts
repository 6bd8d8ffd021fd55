// The part of the AI SDK's provider specification that is used, in its versions 2, 3 and 4.
import type { JsonObject, JsonValue } from "../../../core/index.ts"

export type SpecificationVersion = "v2" | "v3" | "v4"

/** What `create…()` of a provider package returns: a function, or an object, that gives models. */
export interface SdkProvider {
  languageModel?: (modelId: string) => SdkLanguageModel
  chatModel?: (modelId: string) => SdkLanguageModel
  embeddingModel?: (modelId: string) => SdkEmbeddingModel
  textEmbeddingModel?: (modelId: string) => SdkEmbeddingModel
  imageModel?: (modelId: string) => SdkImageModel
  speechModel?: (modelId: string) => SdkSpeechModel
  transcriptionModel?: (modelId: string) => SdkTranscriptionModel
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
  providerMetadata?: JsonObject
}

/** Bytes, or an address that the provider fetches. */
export type SdkFile = { type: "file"; mediaType: string; data: Uint8Array } | { type: "url"; url: string }

interface SdkModel {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
}

export interface SdkImageModel extends SdkModel {
  readonly maxImagesPerCall?: number | ((options: { modelId: string }) => number | undefined | PromiseLike<number | undefined>)
  doGenerate(options: SdkImageOptions): PromiseLike<SdkImageAnswer>
}

export interface SdkImageOptions {
  prompt: string
  n: number
  size: string | undefined
  aspectRatio: undefined
  seed: number | undefined
  /** From version 3 on. */
  files: SdkFile[] | undefined
  mask: SdkFile | undefined
  providerOptions: Record<string, JsonObject>
  abortSignal: AbortSignal
}

export interface SdkImageAnswer {
  /** In base64, or as bytes. */
  images: readonly (string | Uint8Array)[]
  /** By the provider's name, one entry for each picture. */
  providerMetadata?: Readonly<Record<string, { images?: readonly JsonObject[] }>>
  /** From version 3 on. */
  usage?: { inputTokens?: number | undefined; outputTokens?: number | undefined }
}

export interface SdkSpeechModel extends SdkModel {
  doGenerate(options: {
    text: string
    voice?: string
    outputFormat?: string
    instructions?: string
    speed?: number
    providerOptions: Record<string, JsonObject>
    abortSignal: AbortSignal
  }): PromiseLike<{ audio: string | Uint8Array }>
}

export interface SdkTranscriptionModel extends SdkModel {
  doGenerate(options: {
    audio: Uint8Array
    mediaType: string
    providerOptions: Record<string, JsonObject>
    abortSignal: AbortSignal
  }): PromiseLike<{
    text: string
    segments: readonly { text: string; startSecond: number; endSecond: number }[]
    language: string | undefined
    durationInSeconds: number | undefined
  }>
}
