// Pictures of providers that have a form of their own for them: OpenAI's request as a call, and what was made in OpenAI's answer or events.
import { z } from "zod"
import { AppError, type JsonObject } from "../../core/index.ts"
import { imagesOf, imageSizeIn, mediaIn, type ImageCall, type Media } from "../../inference/index.ts"
import type { ForwardedBody, SentFile } from "../light/forwarded-body.ts"
import { checked } from "../request-body.ts"
import { number, text, whole } from "./fields.ts"
import { madeEvents, madeJson, tokensTold, type MakeMedia } from "./made.ts"
import { imageKind } from "./usage.ts"

const schema = z.looseObject({
  prompt: text,
  n: whole,
  size: text,
  quality: text,
  output_format: z.enum(["png", "jpeg", "webp"]).nullish(),
  output_compression: number,
  background: text,
  response_format: z.enum(["b64_json", "url"]).nullish(),
  seed: whole,
  strength: number,
  images: z.array(z.looseObject({ image_url: z.string() })).nullish(),
  mask: z.looseObject({ image_url: z.string() }).nullish(),
})
type ImageRequest = z.output<typeof schema>

/** As OpenAI allows. */
const countMax = 10

export function makeImages(task: ImageCall["task"]): MakeMedia {
  return async (dependencies, body, deployment, signal) => {
    const request = checked(schema, body.parsed())
    const call = callOf(task, request, body)
    const made = await imagesOf(dependencies, deployment, call, signal)
    const usage = usageTold(made.usage, made.imageInputTokens ?? (call.images.length === 0 ? 0 : undefined))
    const used = { ...made.usage, imageKind: imageKind(body.parsed()) }
    const created = Math.floor(dependencies.clock.now() / 1000)
    if (body.stream) return madeEvents(eventsOf(task, request, { ...made, told: usage, created }), used)
    const format = formatOf(made.images[0]?.mediaType)
    const data = made.images.map(({ base64, mediaType, prompt }): JsonObject => {
      const revised = prompt === undefined ? {} : { revised_prompt: prompt }
      return request.response_format === "url"
        ? { url: `data:${mediaType};base64,${base64}`, ...revised }
        : { b64_json: base64, ...revised }
    })
    return madeJson({ created, data, ...(format ? { output_format: format } : {}), ...(usage ? { usage } : {}) }, used)
  }
}

function callOf(task: ImageCall["task"], request: ImageRequest, body: ForwardedBody): ImageCall {
  const { images, mask } = picturesIn(request, body)
  const prompt = request.prompt ?? ""
  if (task !== "vary" && prompt === "") throw new AppError("missing_required_parameter", '"prompt" is missing', { param: "prompt" })
  if (task !== "make" && images.length === 0)
    throw new AppError("missing_required_parameter", "there is no picture to start from", {
      param: "image",
      hint: 'Send it as the file "image" of a form, or as "images" in JSON.',
    })
  return {
    task,
    prompt,
    count: countIn(request),
    size: imageSizeIn(request.size),
    quality: request.quality ?? null,
    format: request.output_format ?? null,
    compression: request.output_compression ?? null,
    transparent: request.background === "transparent",
    images: task === "make" ? [] : images,
    mask,
    seed: request.seed ?? null,
    strength: request.strength ?? null,
    user: body.user,
    members: body.parsed(),
  }
}

/** Files of a form, and addresses in JSON. */
export function picturesIn(
  { images, mask }: { images?: readonly Address[] | null | undefined; mask?: Address | null | undefined },
  body: ForwardedBody,
): { images: readonly Media[]; mask: Media | null } {
  const files = body.files?.() ?? []
  const file = files.find(({ name }) => name === "mask")
  return {
    images: [...files.filter(({ name }) => /^image(?:\[\d*\])?$/.test(name)).map(ofFile), ...(images ?? []).map(ofAddress)],
    mask: file ? ofFile(file) : mask ? ofAddress(mask) : null,
  }
}

interface Address {
  image_url: string
}

function countIn({ n }: ImageRequest): number {
  const count = n ?? 1
  if (count >= 1 && count <= countMax) return count
  throw new AppError("invalid_request", `"n" is ${count}, but must be 1 to ${countMax}`, { param: "n" })
}

function ofFile({ content, filename, mediaType }: SentFile): Media {
  return mediaIn({ content, name: filename, mediaType, otherwise: "image/png" })
}

function ofAddress({ image_url: url }: Address): Media {
  if (!url.startsWith("data:")) return { address: url, mediaType: undefined }
  const [, mediaType = "image/png", base64] = /^data:([^;,]*)[^,]*;base64,(.*)$/s.exec(url) ?? []
  if (base64 !== undefined) return { base64, mediaType }
  throw new AppError("invalid_request", '"image_url" is a data URL that is not in base64', { param: "images" })
}

function formatOf(mediaType: string | undefined): string | undefined {
  return mediaType?.replace(/^image\//, "")
}

/** OpenAI's clients want the parts of the input too; where they are not told apart the whole is text. */
function usageTold(usage: Parameters<typeof tokensTold>[0], imageTokens: number | undefined): JsonObject | undefined {
  const tokens = tokensTold(usage)
  if (!tokens) return undefined
  const ofImages = Math.min(imageTokens ?? 0, usage.inputTokens)
  return { ...tokens, input_tokens_details: { text_tokens: usage.inputTokens - ofImages, image_tokens: ofImages } }
}

interface MadePictures {
  images: readonly { base64: string; mediaType: string }[]
  told: JsonObject | undefined
  created: number
}

const noTokens = { input_tokens: 0, output_tokens: 0, total_tokens: 0, input_tokens_details: { text_tokens: 0, image_tokens: 0 } }

/** One for each picture; the last has what all of them used. */
function eventsOf(
  task: ImageCall["task"],
  request: ImageRequest,
  { images, told, created }: MadePictures,
): (JsonObject & { type: string })[] {
  const type = task === "make" ? "image_generation.completed" : "image_edit.completed"
  return images.map(({ base64, mediaType }, index) => ({
    type,
    b64_json: base64,
    created_at: created,
    size: request.size ?? "auto",
    quality: request.quality ?? "auto",
    background: request.background ?? "auto",
    output_format: formatOf(mediaType) ?? "png",
    usage: index === images.length - 1 ? (told ?? noTokens) : noTokens,
  }))
}
