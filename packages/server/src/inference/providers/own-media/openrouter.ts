// Pictures and transcripts of OpenRouter, each by an endpoint of its own; speech is asked for as of OpenAI.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorInBody, unreadable } from "../../upstream-error.ts"
import { noUsage } from "../../usage-sum.ts"
import type { ImagesAsked, MediaDialect, Transcript, TranscriptionCall } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { withCostTold } from "../told-cost.ts"
import { addressOf, jsonRequest, refuseOpenAisOwn, without } from "./words.ts"

export const openRouterMedia: MediaDialect = {
  imageWords: { request: imagesRequest },
  transcription: { request: transcriptionRequest, read: readTranscript },
}

const onlyOpenAis = ["response_format", "style", "moderation", "input_fidelity", "partial_images"]
const qualities: readonly unknown[] = ["auto", "low", "medium", "high"]
const sourcesMax = 16

/** Sizes are brought to what each model has by OpenRouter itself. */
function imagesRequest(asked: ImagesAsked, deployment: Deployment): ProviderRequest {
  refuseOpenAisOwn(asked, deployment)
  const { members, images } = asked
  if (members["response_format"] === "url")
    throw cannotTake(deployment, "response_format", "an address of a picture", "OpenRouter answers with the bytes: ask for b64_json.")
  if (images.length > sourcesMax)
    throw cannotTake(deployment, "image", `a change of ${images.length} pictures`, `OpenRouter takes ${sourcesMax} at most.`)
  const left = [
    ...onlyOpenAis,
    ...(members["size"] === "auto" ? ["size"] : []),
    ...(qualities.includes(members["quality"]) ? [] : ["quality"]),
  ]
  const references = images.map((media) => ({ type: "image_url", image_url: { url: addressOf(media) } }))
  return jsonRequest("/images", {
    model: deployment.upstreamModel,
    ...without(members, ...left),
    ...(references.length > 0 ? { input_references: references } : {}),
  })
}

function transcriptionRequest(call: TranscriptionCall, deployment: Deployment): ProviderRequest {
  if (call.task === "translate")
    throw cannotTake(
      deployment,
      "model",
      "a translation",
      "OpenRouter writes down what is said in its language: use /v1/audio/transcriptions.",
    )
  if (call.isTimed) throw cannotTake(deployment, "response_format", "when something was said", "Ask for json or text.")
  const { sound, language, temperature } = call
  return jsonRequest("/audio/transcriptions", {
    model: deployment.upstreamModel,
    input_audio: { data: sound.base64, format: formatOf(sound.mediaType) },
    ...(language === null ? {} : { language }),
    ...(temperature === null ? {} : { temperature }),
  })
}

const formats: ReadonlyMap<string, string> = new Map([
  ["mpeg", "mp3"],
  ["mp4", "m4a"],
])

/** `audio/x-wav;codecs=1` */
function formatOf(mediaType: string): string {
  const [type = ""] = mediaType
    .toLowerCase()
    .replace(/^[a-z]+\/(?:x-)?/, "")
    .split(";")
  return formats.get(type) ?? type
}

function readTranscript(answer: JsonObject, deployment: Deployment): Transcript {
  if (answer["error"] !== undefined) throw errorInBody(deployment, answer["error"])
  const { text, usage } = answer
  if (typeof text !== "string") throw unreadable(deployment, "a transcript without a text")
  const told = isJsonObject(usage) ? usage : {}
  const [inputTokens, outputTokens, seconds] = [told["input_tokens"], told["output_tokens"], told["seconds"]]
  const counted = typeof inputTokens === "number" && typeof outputTokens === "number" ? { inputTokens, outputTokens } : {}
  return {
    text,
    language: null,
    durationSeconds: typeof seconds === "number" ? seconds : null,
    segments: null,
    usage: withCostTold({ ...noUsage, ...counted }, told),
  }
}
