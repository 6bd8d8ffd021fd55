// Pictures of Imagen models, by `predict`.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { inPortions, nearestShape, resolutionOf } from "../image-sizes.ts"
import type { ImageCall, ImagesAnswer, ImagesDialect, MadeImage } from "../media-port.ts"
import { cannotTake, noPicture } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { modelPath } from "./models.ts"

export const imagen: ImagesDialect = { requests, read }

export function isImagen({ upstreamModel }: Deployment): boolean {
  return /(?:^|\/)imag(?:en|egeneration)/i.test(upstreamModel)
}

const shapes = ["1:1", "3:4", "4:3", "9:16", "16:9"] as const
const picturesMax = 4

function requests(call: ImageCall, deployment: Deployment): ProviderRequest[] {
  if (call.task !== "make")
    throw cannotTake(
      deployment,
      "image",
      "changing pictures",
      "Imagen makes pictures from words: ask a Gemini model that makes pictures for changes.",
    )
  if (call.transparent) throw cannotTake(deployment, "background", "a transparent background", "Leave it out.")
  if (call.format === "webp") throw cannotTake(deployment, "output_format", "webp", "Imagen makes png and jpeg.")
  const parameters = parametersOf(call)
  return inPortions(call.count, picturesMax).map((sampleCount) => ({
    path: `${modelPath(deployment)}:predict`,
    headers: { accept: "application/json" },
    body: JSON.stringify({ instances: [{ prompt: call.prompt }], parameters: { sampleCount, ...parameters } }),
  }))
}

function parametersOf({ size, format, compression }: ImageCall): JsonObject {
  const aspectRatio = nearestShape(size, shapes)
  const isLarge = resolutionOf(size) !== undefined
  const output: JsonObject = {
    ...(format === null ? {} : { mimeType: `image/${format}` }),
    ...(format === "jpeg" && compression !== null ? { compressionQuality: compression } : {}),
  }
  return {
    ...(aspectRatio === undefined ? {} : { aspectRatio }),
    ...(isLarge ? { sampleImageSize: "2K" } : {}),
    ...(Object.keys(output).length > 0 ? { outputOptions: output } : {}),
  }
}

/** What its filter holds back is missing, or stands there with the reason alone. */
function read(answer: JsonObject, deployment: Deployment): ImagesAnswer {
  const predictions = Array.isArray(answer["predictions"]) ? (answer["predictions"] as readonly JsonValue[]).filter(isJsonObject) : []
  const images = predictions.flatMap(imageIn)
  if (images.length > 0) return { images, usage: null }
  throw noPicture(
    deployment,
    predictions.map(({ raiFilteredReason }) => raiFilteredReason),
  )
}

function imageIn({ bytesBase64Encoded: base64, mimeType, prompt }: JsonObject): MadeImage[] {
  if (typeof base64 !== "string" || base64 === "") return []
  const mediaType = typeof mimeType === "string" ? mimeType : "image/png"
  return [{ base64, mediaType, ...(typeof prompt === "string" ? { prompt } : {}) }]
}
