// Pictures of Together: width and height in place of a size, and pictures to start from by their addresses; and the samples of its speech.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { imageSizeIn } from "../image-sizes.ts"
import type { ImagesAsked, MediaDialect, SpeechCall } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { addressOf, jsonRequest, refuseOpenAisOwn, refuseStream, refuseTransparent, textIn, without } from "./words.ts"

export const togetherMedia: MediaDialect = { imageWords: { request }, speechWords: { request: speechRequest } }

const onlyOpenAis = ["size", "quality", "style", "background", "moderation", "input_fidelity", "partial_images", "output_compression"]

/** Changes go the same way as pictures that are made of words alone. */
function request(asked: ImagesAsked, deployment: Deployment): ProviderRequest {
  refuseOpenAisOwn(asked, deployment)
  refuseStream(asked, deployment)
  refuseTransparent(asked, deployment)
  const { members } = asked
  if (members["output_format"] === "webp") throw cannotTake(deployment, "output_format", "webp", "Together makes png and jpeg.")
  const size = members["width"] === undefined && members["height"] === undefined ? imageSizeIn(textIn(members, "size")) : null
  return jsonRequest("/images/generations", {
    model: deployment.upstreamModel,
    ...without(members, ...onlyOpenAis, "stream", "user"),
    ...size,
    ...(members["response_format"] === "b64_json" ? { response_format: "base64" } : {}),
    ...sources(asked, deployment),
  })
}

/** Kontext models know one picture by its own name, later ones several. */
function sources({ images }: ImagesAsked, deployment: Deployment): JsonObject {
  const [first, ...others] = images.map(addressOf)
  if (first === undefined) return {}
  if (!/kontext/i.test(deployment.upstreamModel)) return { reference_images: [first, ...others] }
  if (others.length > 0)
    throw cannotTake(deployment, "image", "a change of several pictures", "FLUX.1 Kontext changes one; FLUX.2 takes several.")
  return { image_url: first }
}

/** OpenAI's samples: 16 bits, 24,000 a second. */
const samples = { response_format: "raw", response_encoding: "pcm_s16le", sample_rate: 24_000 } as const

/** All other speech is asked for as of OpenAI. */
function speechRequest({ format, members }: SpeechCall, { upstreamModel }: Deployment): ProviderRequest | undefined {
  if (format !== "pcm") return undefined
  return jsonRequest(
    "/audio/speech",
    { ...samples, ...without(members, "model", "perdure", "response_format"), model: upstreamModel },
    "*/*",
  )
}
