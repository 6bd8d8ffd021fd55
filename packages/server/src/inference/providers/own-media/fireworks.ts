// Pictures of Fireworks, each by the workflow of its model; transcripts are asked for as of OpenAI, at the address of its audio.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorInBody } from "../../upstream-error.ts"
import { nearestShape } from "../image-sizes.ts"
import { listedImages, textsIn } from "../listed-images.ts"
import type { ImageCall, ImagesAnswer, MediaDialect } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { jsonRequest } from "./words.ts"

export const fireworksMedia: MediaDialect = { images: { requests, read } }

const shapes = ["1:1", "21:9", "16:9", "3:2", "5:4", "4:5", "2:3", "9:16", "9:21", "4:3", "3:4"] as const

const own = ["guidance_scale", "num_inference_steps"] as const

function requests(call: ImageCall, deployment: Deployment): readonly ProviderRequest[] {
  const { upstreamModel: model } = deployment
  if (call.task !== "make" || /kontext/i.test(model))
    throw cannotTake(
      deployment,
      "image",
      "changing pictures",
      "Its models for that are asked in two steps; those that make pictures from words are asked here.",
    )
  if (call.transparent) throw cannotTake(deployment, "background", "a transparent background", "Leave it out.")
  const aspectRatio = nearestShape(call.size, shapes)
  const request = jsonRequest(`/workflows/${model.split("/").map(encodeURIComponent).join("/")}/text_to_image`, {
    prompt: call.prompt,
    ...(aspectRatio === undefined ? {} : { aspect_ratio: aspectRatio }),
    ...Object.fromEntries(own.flatMap((name) => (typeof call.members[name] === "number" ? [[name, call.members[name]] as const] : []))),
    // The same seed would make the same picture again.
    ...(call.seed !== null && call.count === 1 ? { seed: call.seed } : {}),
  })
  return Array.from({ length: call.count }, () => request)
}

function read(answer: JsonObject, deployment: Deployment): ImagesAnswer {
  if (answer["error"] !== undefined) throw errorInBody(deployment, answer["error"])
  const reason = answer["finishReason"]
  // Its documentation shows both, with and without the head of a data URL.
  const pictures = textsIn(answer["base64"]).map((text) => text.replace(/^data:[^,]*,/, ""))
  return listedImages(deployment, reason === "CONTENT_FILTERED" ? [] : pictures, [reason])
}
