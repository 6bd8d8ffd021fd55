// Texts spoken by Gemini's models for speech: raw samples, which get the head of a WAV file where they are not asked for as they are.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorInBody, unreadable } from "../../upstream-error.ts"
import type { SpeechAnswer, SpeechCall, SpeechDialect } from "../media-port.ts"
import { cannotTake, heldBack } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { wavOf } from "../wav.ts"
import { finishOf } from "./finish.ts"
import { modelPath } from "./models.ts"
import { geminiUsage } from "./usage.ts"

export const geminiSpeech: SpeechDialect = { request, read }

const usualSamplesPerSecond = 24_000

/** How something is to be said stands before it, as Google's own examples have it. */
function request({ text, voice, instructions, speed, format }: SpeechCall, deployment: Deployment): ProviderRequest {
  if (format !== null && format !== "wav" && format !== "pcm")
    throw cannotTake(deployment, "response_format", `the format "${format}"`, "Gemini makes samples: ask for wav or pcm.")
  if (speed !== null && speed !== 1)
    throw cannotTake(deployment, "speed", "another speed", 'Say it in "instructions", such as "Speak slowly".')
  const speechConfig = voice === null ? {} : { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } } }
  const said = instructions === null || instructions === "" ? text : `${instructions}: ${text}`
  const body = {
    contents: [{ role: "user", parts: [{ text: said }] }],
    generationConfig: { responseModalities: ["AUDIO"], ...speechConfig },
  }
  return { path: `${modelPath(deployment)}:generateContent`, headers: { accept: "application/json" }, body: JSON.stringify(body) }
}

function read(answer: JsonObject, deployment: Deployment, { format }: SpeechCall): SpeechAnswer {
  if (answer["error"] !== undefined) throw errorInBody(deployment, answer["error"])
  const candidate = listOf(answer["candidates"]).find(isJsonObject) ?? {}
  const content = isJsonObject(candidate["content"]) ? candidate["content"] : {}
  const pieces = listOf(content["parts"]).flatMap((part) =>
    isJsonObject(part) && isJsonObject(part["inlineData"]) ? [part["inlineData"]] : [],
  )
  const samples = Buffer.concat(pieces.map(({ data }) => Buffer.from(typeof data === "string" ? data : "", "base64")))
  checkWhole(answer, candidate, samples.length, deployment)
  const usage = geminiUsage(answer["usageMetadata"]) ?? null
  if (format === "pcm") return { sound: samples, mediaType: "audio/pcm", usage }
  return { sound: wavOf(samples, samplesPerSecond(pieces[0]?.["mimeType"])), mediaType: "audio/wav", usage }
}

/** Half of a sound is none. */
function checkWhole(answer: JsonObject, candidate: JsonObject, sizeBytes: number, deployment: Deployment): void {
  const feedback = isJsonObject(answer["promptFeedback"]) ? answer["promptFeedback"]["blockReason"] : undefined
  const word = typeof candidate["finishReason"] === "string" ? candidate["finishReason"] : "no reason"
  const { reason } = finishOf(word)
  if (typeof feedback === "string") throw heldBack(deployment, feedback, "invalid_request_error")
  if (reason === "content_filter") throw heldBack(deployment, word, "invalid_request_error")
  if (sizeBytes === 0) throw unreadable(deployment, "an answer without a sound")
  if (reason !== "stop" || candidate["finishReason"] === undefined) throw unreadable(deployment, `half of a sound (${word})`)
}

/** `audio/L16;codec=pcm;rate=24000` */
function samplesPerSecond(mediaType: JsonValue | undefined): number {
  const rate = Number(/\brate=(\d+)/.exec(typeof mediaType === "string" ? mediaType : "")?.[1])
  return rate > 0 ? rate : usualSamplesPerSecond
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
