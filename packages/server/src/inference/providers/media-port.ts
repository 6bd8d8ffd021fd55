// What a provider's dialect may be able to do beside words: pictures made and changed, texts spoken, sounds written down.
import type { JsonObject } from "../../core/index.ts"
import type { Deployment, ModelUsage } from "../types.ts"
import type { Media } from "./media.ts"
import type { ProviderRequest } from "./port.ts"

export interface MediaDialect {
  /** Absent where it makes no pictures. */
  readonly images?: ImagesDialect
  /** Where its answers are OpenAI's, and only its requests have words of their own. */
  readonly imageWords?: ImageWords
  /** Where its speech comes as OpenAI's does, and only its requests have words of their own. */
  readonly speechWords?: SpeechWords
  /** Absent where it does not speak. */
  readonly speech?: SpeechDialect
  /** Where its forms for transcripts are nearly OpenAI's: the fields that have other words. */
  readonly transcriptWords?: TranscriptWords
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

/** The answer is passed on as it comes. */
export interface ImageWords {
  request(asked: ImagesAsked, deployment: Deployment): ProviderRequest
}

export interface ImagesAsked {
  task: ImageCall["task"]
  /** What the request says beside its model and its pictures, the provider's own words included; of a form with numbers as numbers. */
  members: JsonObject
  images: readonly Media[]
  mask: Media | null
}

/** The answer is passed on as it comes. */
export interface SpeechWords {
  /** Undefined where the request goes on as it came. */
  request(call: SpeechCall, deployment: Deployment): ProviderRequest | undefined
}

/** The answer is passed on as it comes. */
export interface TranscriptWords {
  /** New texts by the names of fields; undefined takes a field out. */
  changes(asked: TranscriptAsked, deployment: Deployment): ReadonlyMap<string, string | undefined>
}

export interface TranscriptAsked {
  task: TranscriptionCall["task"]
  format: string | null
  language: string | null
  /** `word`, `segment`, or both. */
  times: readonly string[]
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
  /** The request as it came, for what only one provider knows. */
  members: JsonObject
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
  /** A recording of the voice in base64, for providers that speak like one. */
  voiceSample: string | null
  instructions: string | null
  /** 1 is the usual. */
  speed: number | null
  /** Null leaves it to the provider. */
  format: string | null
  /** The request as it came, for what only one provider knows. */
  members: JsonObject
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
