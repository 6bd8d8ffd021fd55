// What a provider's dialect may be able to do beside words: pictures made and changed, texts spoken, sounds written down.
import type { JsonObject } from "../../core/index.ts"
import type { Deployment, ModelUsage } from "../types.ts"
import type { Media } from "./media.ts"
import type { ProviderRequest } from "./port.ts"

export interface MediaDialect {
  /** Absent where it makes no pictures. */
  readonly images?: ImagesDialect
  /** Absent where it does not speak. */
  readonly speech?: SpeechDialect
  /** Absent where it does not write down what is said. */
  readonly transcription?: TranscriptionDialect
}

/** What would lose something essential is refused with `unsupported_value`, as docs/reference/translation.md says. */
export interface ImagesDialect {
  /** One request where the provider makes all of the pictures at once, several where it does not. */
  requests(call: ImageCall, deployment: Deployment): readonly ProviderRequest[]
  /** The answer to one of those requests; a refusal is thrown. */
  read(answer: JsonObject, deployment: Deployment): ImagesAnswer
}

export interface SpeechDialect {
  request(call: SpeechCall, deployment: Deployment): ProviderRequest
  read(answer: JsonObject, deployment: Deployment, call: SpeechCall): SpeechAnswer
}

export interface TranscriptionDialect {
  request(call: TranscriptionCall, deployment: Deployment): ProviderRequest
  read(answer: JsonObject, deployment: Deployment): Transcript
}

export interface ImageCall {
  /** From words alone, from words and pictures, or from one picture alone. */
  task: "make" | "change" | "vary"
  /** Empty when a picture is varied. */
  prompt: string
  count: number
  /** Null leaves it to the model. */
  size: ImageSize | null
  quality: string | null
  format: "png" | "jpeg" | "webp" | null
  /** 0 to 100, of the formats that have it. */
  compression: number | null
  transparent: boolean
  images: readonly Media[]
  /** Its transparent places are those to be changed. */
  mask: Media | null
  seed: number | null
  /** How far a picture may be changed, 0 to 1, where a model has that. */
  strength: number | null
  user: string | null
}

export interface ImageSize {
  width: number
  height: number
}

export interface MadeImage {
  base64: string
  mediaType: string
  /** The words that it was made from, where the provider changed them. */
  prompt?: string
}

export interface ImagesAnswer {
  images: readonly MadeImage[]
  /** Null where the provider reports none: it bills pictures. */
  usage: ModelUsage | null
  /** Of the input, those that the given pictures took, where that is told apart. */
  imageInputTokens?: number
}

export interface SpeechCall {
  text: string
  voice: string | null
  instructions: string | null
  /** 1 is the usual. */
  speed: number | null
  /** Null leaves it to the provider. */
  format: string | null
}

export interface SpeechAnswer {
  sound: Buffer
  mediaType: string
  /** Null where the provider reports none: it bills characters. */
  usage: ModelUsage | null
}

export interface TranscriptionCall {
  sound: { base64: string; mediaType: string }
  /** In the language that is spoken, or in English. */
  task: "transcribe" | "translate"
  /** ISO 639-1, where it is known. */
  language: string | null
  /** What helps with names and style. */
  prompt: string | null
  temperature: number | null
  /** The answer must say when each part was said. */
  isTimed: boolean
}

export interface Transcript {
  text: string
  language: string | null
  durationSeconds: number | null
  /** Null where the provider does not tell when. */
  segments: readonly { text: string; startSeconds: number; endSeconds: number }[] | null
  /** Null where the provider reports none: it bills seconds. */
  usage: ModelUsage | null
}
