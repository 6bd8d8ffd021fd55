// Pictures of Gemini models, which make and change them in an answer of generateContent: one picture in each.
import type { JsonObject } from "../../../core/index.ts"
import { blankCall } from "../../blank-call.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelContent } from "../../message-types.ts"
import { unreadable } from "../../upstream-error.ts"
import { nearestShape, resolutionOf } from "../image-sizes.ts"
import type { Media } from "../media.ts"
import type { ImageCall, ImagesAnswer, ImagesDialect } from "../media-port.ts"
import { cannotTake, heldBack } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { isVertex, knowsGemini3, modelPath } from "./models.ts"
import { readWhole } from "./whole-answer.ts"
import { geminiRequest } from "./request.ts"
import { tokensOf } from "./usage.ts"

export const drawnImages: ImagesDialect = { requests, read }

const shapes = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"] as const

function requests(call: ImageCall, deployment: Deployment): ProviderRequest[] {
  if (call.mask)
    throw cannotTake(
      deployment,
      "mask",
      "a mask",
      "Gemini changes what the prompt says: describe the place in words, and leave the mask out.",
    )
  if (call.task === "vary") throw cannotTake(deployment, "image", "variations", "Use /v1/images/edits with a prompt.")
  if (call.transparent) throw cannotTake(deployment, "background", "a transparent background", "Leave it out.")
  const request: ProviderRequest = {
    path: `${modelPath(deployment)}:generateContent`,
    headers: { accept: "application/json" },
    body: JSON.stringify(geminiRequest(modelCall(call, deployment), deployment)),
  }
  return Array.from({ length: call.count }, () => request)
}

function modelCall(call: ImageCall, deployment: Deployment): ModelCall {
  const content: ModelContent[] = [{ type: "text", text: call.prompt }, ...call.images.map(pictureOf)]
  const imageConfig = imageConfigOf(call, deployment)
  const generationConfig = {
    responseModalities: ["IMAGE"],
    ...(Object.keys(imageConfig).length > 0 ? { imageConfig } : {}),
    // The same seed would make the same picture again.
    ...(call.seed !== null && call.count === 1 ? { seed: call.seed } : {}),
  }
  const only = { dialect: "gemini", parameters: { generationConfig } } as const
  return { ...blankCall, model: deployment.upstreamModel, messages: [{ role: "user", content }], only }
}

function pictureOf(media: Media): ModelContent {
  return { type: "image", url: "address" in media ? media.address : `data:${media.mediaType};base64,${media.base64}` }
}

/** Only Vertex lets the format be chosen, and only models from Gemini 3 on the resolution. */
function imageConfigOf({ size, format, compression }: ImageCall, deployment: Deployment): JsonObject {
  const aspectRatio = nearestShape(size, shapes)
  const imageSize = knowsGemini3(deployment.upstreamModel) ? resolutionOf(size) : undefined
  const isChosen = isVertex(deployment) && (format === "png" || format === "jpeg")
  const compressionQuality = format === "jpeg" && compression !== null ? { compressionQuality: compression } : {}
  return {
    ...(aspectRatio === undefined ? {} : { aspectRatio }),
    ...(imageSize === undefined ? {} : { imageSize }),
    ...(isChosen ? { imageOutputOptions: { mimeType: `image/${format}`, ...compressionQuality } } : {}),
  }
}

function read(answer: JsonObject, deployment: Deployment): ImagesAnswer {
  const { images, text, finish } = readWhole(answer, deployment)
  const usageMetadata = answer["usageMetadata"] as JsonObject | undefined // read by the reader before, which takes anything
  if (images.length > 0) return { images, usage: finish.usage, imageInputTokens: tokensOf(usageMetadata?.["promptTokensDetails"], "IMAGE") }
  if (finish.reason === "content_filter") throw heldBack(deployment, finish.detail ?? "by its filter", "image_generation_user_error")
  throw unreadable(deployment, text === "" ? "an answer without a picture" : `words in place of a picture: ${text.slice(0, 200)}`)
}
