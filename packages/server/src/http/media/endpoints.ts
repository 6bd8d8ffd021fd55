// The endpoints for pictures, sounds, moderation and ranking: what each asks of a deployment and how its usage is told.
import type { Capabilities, ModelUsage } from "../../inference/index.ts"
import type { JsonObject } from "../../core/index.ts"
import type { PricedPieces } from "../../accounting/index.ts"
import type { AnswerTexts } from "../light/frame-filter.ts"
import type { FilesIn } from "../light/stored-files.ts"
import { imageFiles } from "./image-files.ts"
import type { MakeMedia } from "./made.ts"
import { makeImages } from "./made-images.ts"
import { makeSpeech } from "./made-speech.ts"
import { makeTranscript } from "./made-transcripts.ts"
import { charactersAsked, imagesAsked, searchesAsked, secondsSent } from "./pieces.ts"
import { transcriptTexts } from "./transcript-texts.ts"
import { wordImages, type WordRequest } from "./worded-images.ts"
import { wordSpeech } from "./worded-speech.ts"
import { wordTranscript } from "./worded-transcripts.ts"
import { imageUsage, moderationUsage, rerankUsage, speechUsage, transcriptionUsage } from "./usage.ts"

export interface MediaEndpoint {
  path: string
  /** Below a base URL. */
  upstreamPath: string
  kind: "image" | "audio" | "moderation" | "rerank"
  /** The run's name. */
  name: string
  needs: keyof Capabilities
  body: "json" | "multipart"
  /** Where a request in JSON names stored files by their ids. */
  filesIn?: FilesIn
  /** A model need not be named where only one can do it. */
  modelOptional?: boolean
  usageOf: (answer: JsonObject, request: JsonObject) => ModelUsage | undefined
  /** Where the answer says nothing: what the request itself says. */
  usageOfRequest?: (request: JsonObject) => ModelUsage
  /** Its answer is words, which guards look at. */
  texts?: AnswerTexts
  /** How its answer is made where the provider has another form for it. */
  made?: { service: "images" | "speech" | "transcription"; make: MakeMedia }
  /** How its request is said where the provider has other words for it, and OpenAI's answer. */
  word?: WordRequest
  /** What it will be paid for beside tokens; held of budgets before it is asked. */
  piecesOf?: (request: JsonObject, sizeBytes: number) => PricedPieces
}

const image = { kind: "image", needs: "images", usageOf: imageUsage, piecesOf: imagesAsked } as const
const audio = { kind: "audio" } as const
const heard = {
  needs: "transcription",
  body: "multipart",
  texts: transcriptTexts,
  usageOf: transcriptionUsage,
  piecesOf: secondsSent,
} as const

export const mediaEndpoints: readonly MediaEndpoint[] = [
  {
    ...image,
    path: "/v1/images/generations",
    upstreamPath: "/images/generations",
    name: "images.generations",
    body: "json",
    made: { service: "images", make: makeImages("make") },
    word: wordImages("make"),
  },
  {
    ...image,
    path: "/v1/images/edits",
    upstreamPath: "/images/edits",
    name: "images.edits",
    body: "multipart",
    filesIn: imageFiles,
    made: { service: "images", make: makeImages("change") },
    word: wordImages("change"),
  },
  {
    ...image,
    path: "/v1/images/variations",
    upstreamPath: "/images/variations",
    name: "images.variations",
    body: "multipart",
    made: { service: "images", make: makeImages("vary") },
    word: wordImages("vary"),
  },
  {
    ...audio,
    path: "/v1/audio/speech",
    upstreamPath: "/audio/speech",
    name: "audio.speech",
    needs: "speech",
    body: "json",
    usageOf: () => undefined,
    usageOfRequest: speechUsage,
    made: { service: "speech", make: makeSpeech },
    word: wordSpeech,
    piecesOf: charactersAsked,
  },
  {
    ...audio,
    path: "/v1/audio/transcriptions",
    upstreamPath: "/audio/transcriptions",
    name: "audio.transcriptions",
    ...heard,
    made: { service: "transcription", make: makeTranscript("transcribe") },
    word: wordTranscript("transcribe"),
  },
  {
    ...audio,
    path: "/v1/audio/translations",
    upstreamPath: "/audio/translations",
    name: "audio.translations",
    ...heard,
    made: { service: "transcription", make: makeTranscript("translate") },
    word: wordTranscript("translate"),
  },
  {
    path: "/v1/moderations",
    upstreamPath: "/moderations",
    kind: "moderation",
    name: "moderations",
    needs: "moderation",
    body: "json",
    modelOptional: true,
    usageOf: moderationUsage,
  },
  {
    path: "/v1/rerank",
    upstreamPath: "/rerank",
    kind: "rerank",
    name: "rerank",
    needs: "rerank",
    body: "json",
    modelOptional: true,
    usageOf: rerankUsage,
    piecesOf: searchesAsked,
  },
]
