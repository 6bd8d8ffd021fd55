// Pictures of xAI: a shape and a resolution in place of a size, and pictures to start from in JSON; and its speech.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { imageSizeIn, nearestShape, resolutionOf } from "../image-sizes.ts"
import type { ImagesAsked, MediaDialect, SpeechCall } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"
import { addressOf, jsonRequest, refuseOpenAisOwn, refuseStream, refuseTransparent, textIn, without } from "./words.ts"

export const xaiMedia: MediaDialect = { imageWords: { request }, speechWords: { request: speechRequest } }

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

const formats = ["mp3", "wav", "pcm"] as const
const [slowest, fastest] = [0.7, 1.5]

/** No model is named: there is one. A language must be, and it finds out which by itself. */
function speechRequest({ text, voice, speed, format, members }: SpeechCall, deployment: Deployment): ProviderRequest {
  if (format !== null && !formats.some((each) => each === format))
    throw cannotTake(deployment, "response_format", `the format "${format}"`, `Ask for ${formats.join(", ")}.`)
  if (speed !== null && (speed < slowest || speed > fastest))
    throw cannotTake(deployment, "speed", `the speed ${speed}`, `Ask for ${slowest} to ${fastest}.`)
  if (members["stream_format"] === "sse")
    throw cannotTake(deployment, "stream_format", "a stream of events", "The sound itself comes as it is made: leave stream_format out.")
  const output = members["output_format"] ?? (format === null ? undefined : { codec: format })
  const further = ["optimize_streaming_latency", "text_normalization"].flatMap((name) =>
    members[name] === undefined ? [] : [[name, members[name]] as const],
  )
  return jsonRequest(
    "/tts",
    {
      text,
      language: textIn(members, "language") ?? "auto",
      ...(voice === null ? {} : { voice_id: voice }),
      ...(output === undefined ? {} : { output_format: output }),
      ...(speed === null ? {} : { speed }),
      ...Object.fromEntries(further),
    },
    "*/*",
  )
}
