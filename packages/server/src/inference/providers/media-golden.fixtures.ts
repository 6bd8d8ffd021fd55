// Golden fixtures of pictures and sounds: one file per provider, endpoint and case, read by the tests beside this file.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { ImageCall, ImagesAsked, MediaDialect, SpeechCall, TranscriptionCall } from "./media-port.ts"

/** `<dialect>/media-fixtures/<provider>-<service>-<case>.json` */
export interface MediaFixture {
  name: string
  about: string
  /** Pages and types that the bytes were written from, by hand. None was recorded from a real call. */
  source: readonly string[]
  provider: string
  model: string
  settings?: JsonObject
  service: keyof MediaDialect
  /** What is unusual about the call. */
  call: JsonObject
  /** What it must become. */
  requests?: readonly { path: string; body: JsonObject }[]
  /** The answer to one of those requests, and what must be read from it; a sound is told in base64. */
  answer?: JsonObject
  read?: JsonObject
  /** Answers that are errors, and what becomes of them. */
  failures?: readonly { answer: JsonObject; becomes: JsonObject }[]
  /** Answers with an error status. */
  errors?: readonly { status: number; headers?: Record<string, string>; body: JsonValue; becomes: JsonObject }[]
  /** Calls that are refused before anything is sent. */
  refusals?: readonly { call: JsonObject; says: string; param: string }[]
}

export function readMediaFixtures(): MediaFixture[] {
  const dialects = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return dialects.flatMap(({ name }) => {
    const folder = join(import.meta.dirname, name, "media-fixtures")
    if (!existsSync(folder)) return []
    return readdirSync(folder).map((file) => {
      const fixture = JSON.parse(readFileSync(join(folder, file), "utf8")) as MediaFixture // as it says above
      return { ...fixture, name: `${name}: ${file.replace(/\.json$/, "")}` }
    })
  })
}

export function imageCallOf(part: JsonObject): ImageCall {
  const usual: ImageCall = {
    task: "make",
    prompt: "a cat",
    count: 1,
    size: null,
    quality: null,
    format: null,
    compression: null,
    transparent: false,
    images: [],
    mask: null,
    seed: null,
    strength: null,
    user: null,
    members: {},
  }
  return { ...usual, ...part }
}

export function imagesAskedOf(part: JsonObject): ImagesAsked {
  return { task: "make", members: { prompt: "a cat" }, images: [], mask: null, ...part }
}

export function speechCallOf(part: JsonObject): SpeechCall {
  return { text: "hello you", voice: null, voiceSample: null, instructions: null, speed: null, format: null, members: {}, ...part }
}

export function transcriptionCallOf(part: JsonObject): TranscriptionCall {
  const usual: TranscriptionCall = {
    sound: { base64: "UklGRg==", mediaType: "audio/wav" },
    task: "transcribe",
    language: null,
    prompt: null,
    temperature: null,
    isTimed: false,
  }
  return { ...usual, ...part }
}
