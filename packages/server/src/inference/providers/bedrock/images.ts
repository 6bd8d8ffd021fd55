// Pictures of Bedrock's models of Amazon and Stability, which are invoked each in its maker's own words.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { inPortions, nearestShape } from "../image-sizes.ts"
import { listedImages, textsIn } from "../listed-images.ts"
import type { Media } from "../media.ts"
import type { ImageCall, ImagesAnswer, MediaDialect } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"

export const bedrockMedia: MediaDialect = { images: { requests, read } }

const shapes = ["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"] as const
const picturesMax = 5
/** How far a picture may be changed where nobody says. */
const usualStrength = 0.75

function requests(call: ImageCall, deployment: Deployment): ProviderRequest[] {
  const { upstreamModel: model } = deployment
  const isAmazons = /amazon\.(?:nova-canvas|titan-image)/.test(model)
  if (!isAmazons && !model.includes("stability."))
    throw cannotTake(
      deployment,
      "model",
      "a picture",
      "Bedrock's models amazon.nova-canvas-…, amazon.titan-image-… and stability.… make them.",
    )
  if (call.transparent) throw cannotTake(deployment, "background", "a transparent background", "Leave it out.")
  if (call.mask)
    throw cannotTake(
      deployment,
      "mask",
      "a mask",
      "There a mask is black and white, and not transparent: leave it out, and describe the change.",
    )
  const portions = inPortions(call.count, isAmazons ? picturesMax : 1)
  const path = `/model/${encodeURIComponent(model)}/invoke`
  return portions.map((count) => {
    const body = isAmazons ? amazonsBody(call, count, deployment) : stabilitysBody(call, deployment)
    return { path, headers: { accept: "application/json" }, body: JSON.stringify(body) }
  })
}

function amazonsBody(call: ImageCall, numberOfImages: number, deployment: Deployment): JsonObject {
  const { prompt, size, seed } = call
  const imageGenerationConfig = {
    numberOfImages,
    ...(size === null ? {} : { width: size.width, height: size.height }),
    ...qualityOf(call),
    ...(seed === null ? {} : { seed }),
  }
  if (call.task === "make") return { taskType: "TEXT_IMAGE", textToImageParams: { text: prompt }, imageGenerationConfig }
  const images = call.images.map((media) => bytesOf(media, deployment))
  const imageVariationParams = { images, ...(prompt === "" ? {} : { text: prompt }) }
  return { taskType: "IMAGE_VARIATION", imageVariationParams, imageGenerationConfig }
}

/** OpenAI's words for it, of older and newer models. */
function qualityOf({ quality }: ImageCall): JsonObject {
  if (quality === "hd" || quality === "high") return { quality: "premium" }
  return quality === null || quality === "auto" ? {} : { quality: "standard" }
}

function stabilitysBody(call: ImageCall, deployment: Deployment): JsonObject {
  const { prompt, size, format, seed, count, strength } = call
  const common = {
    prompt,
    ...(format === "png" || format === "jpeg" ? { output_format: format } : {}),
    // The same seed would make the same picture again.
    ...(seed === null || count > 1 ? {} : { seed }),
  }
  const aspectRatio = nearestShape(size, shapes)
  if (call.task === "make") return { ...common, ...(aspectRatio === undefined ? {} : { aspect_ratio: aspectRatio }) }
  const [image, ...others] = call.images
  if (image === undefined || others.length > 0 || call.task === "vary" || !/stability\.sd3/.test(deployment.upstreamModel))
    throw cannotTake(
      deployment,
      "image",
      "this change",
      "Of Stability's models here, Stable Diffusion 3 and 3.5 change one picture by a prompt.",
    )
  return { ...common, mode: "image-to-image", image: bytesOf(image, deployment), strength: strength ?? usualStrength }
}

function bytesOf(media: Media, deployment: Deployment): string {
  if ("base64" in media) return media.base64
  throw cannotTake(deployment, "images", "a picture by its address", "Send its bytes, as a file or a data URL.")
}

function read(answer: JsonObject, deployment: Deployment): ImagesAnswer {
  return listedImages(deployment, textsIn(answer["images"]), [answer["error"], ...textsIn(answer["finish_reasons"])])
}
