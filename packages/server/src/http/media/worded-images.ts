// Requests for pictures to providers whose answers are OpenAI's and whose requests have words of their own.
import { z } from "zod"
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"
import { imageWordsOf, type Deployment, type ImageCall } from "../../inference/index.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { checked } from "../request-body.ts"
import { picturesIn } from "./made-images.ts"

/** Path and headers where they are others than OpenAI's and the client's. */
export interface WordedRequest {
  path?: string
  headers?: Readonly<Record<string, string>>
  body: ReturnType<ForwardedBody["forUpstream"]>
}

export type WordRequest = (body: ForwardedBody, deployment: Deployment) => WordedRequest | undefined

/** OpenAI's name for it, and xAI's. */
const address = z
  .union([z.looseObject({ image_url: z.string() }), z.looseObject({ url: z.string() })])
  .transform((picture) => ({ image_url: String(picture["image_url"] ?? picture["url"]) }))

const schema = z.looseObject({ images: z.array(address).nullish(), mask: address.nullish() })

/** Undefined where the request goes on as it came. */
export function wordImages(task: ImageCall["task"]): WordRequest {
  return (body, deployment) => {
    const words = imageWordsOf(deployment)
    if (!words) return undefined
    const { images: addresses = null, mask: maskAddress = null, ...rest } = body.parsed()
    const { images, mask } = picturesIn(checked(schema, { images: addresses, mask: maskAddress }), body)
    if (task !== "make" && images.length === 0 && rest["image"] === undefined)
      throw new AppError("missing_required_parameter", "there is no picture to start from", {
        param: "image",
        hint: 'Send it as the file "image" of a form, or as "images" in JSON.',
      })
    const members = membersOf(rest, body.files !== undefined)
    const { path, headers, body: text } = words.request({ task, members, images: task === "make" ? [] : images, mask }, deployment)
    return { path, headers, body: Buffer.from(text) }
  }
}

/** A form has texts alone. */
function membersOf(sent: JsonObject, isForm: boolean): JsonObject {
  const entries = Object.entries(sent).filter(([name]) => name !== "model" && name !== "perdure")
  return Object.fromEntries(isForm ? entries.map(([name, value]) => [name, name === "prompt" ? value : valueOf(value)] as const) : entries)
}

function valueOf(text: JsonValue | undefined): JsonValue | undefined {
  if (typeof text !== "string") return text
  if (text === "true" || text === "false") return text === "true"
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : text
}
