// Pictures of xAI: a shape and a resolution in place of a size, and pictures to start from in JSON.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { imageSizeIn, nearestShape, resolutionOf } from "../image-sizes.ts"
import type { ImagesAsked, MediaDialect } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { addressOf, jsonRequest, refuseOpenAisOwn, refuseStream, refuseTransparent, textIn, without } from "./words.ts"

export const xaiMedia: MediaDialect = { imageWords: { request } }

const shapes = ["1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1"] as const
const onlyOpenAis = ["size", "style", "background", "moderation", "input_fidelity", "partial_images", "output_compression"]
const qualities: readonly unknown[] = ["low", "medium", "high"]
const sourcesMax = 3

function request(asked: ImagesAsked, deployment: Deployment): ProviderRequest {
  refuseOpenAisOwn(asked, deployment)
  refuseStream(asked, deployment)
  refuseTransparent(asked, deployment)
  const { members, task } = asked
  return jsonRequest(task === "make" ? "/images/generations" : "/images/edits", {
    model: deployment.upstreamModel,
    ...shapeOf(members, deployment),
    ...without(members, ...onlyOpenAis, "stream", ...(qualities.includes(members["quality"]) ? [] : ["quality"])),
    ...sources(asked, deployment),
  })
}

/** The models before Grok Imagine have one shape. */
function shapeOf(members: JsonObject, { upstreamModel }: Deployment): JsonObject {
  const size = imageSizeIn(textIn(members, "size"))
  if (!size || !/imagine/i.test(upstreamModel)) return {}
  const aspectRatio = nearestShape(size, shapes)
  return {
    ...(aspectRatio === undefined ? {} : { aspect_ratio: aspectRatio }),
    ...(resolutionOf(size) === undefined ? {} : { resolution: "2k" }),
  }
}

function sources({ images }: ImagesAsked, deployment: Deployment): JsonObject {
  if (images.length > sourcesMax)
    throw cannotTake(deployment, "image", `a change of ${images.length} pictures`, `xAI takes ${sourcesMax} at most.`)
  const [first, ...others] = images.map((media) => ({ type: "image_url", url: addressOf(media) }))
  if (first === undefined) return {}
  return others.length > 0 ? { images: [first, ...others] } : { image: first }
}
