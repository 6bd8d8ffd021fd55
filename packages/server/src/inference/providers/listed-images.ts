// Answers that list pictures as base64 and nothing else of them: what a filter holds back is missing there, with a word for it at most.
import type { JsonValue } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { pictureTypeOf } from "./media.ts"
import type { ImagesAnswer } from "./media-port.ts"
import { noPicture } from "./media-refusals.ts"

export function listedImages(deployment: Deployment, pictures: readonly string[], reasons: readonly unknown[]): ImagesAnswer {
  if (pictures.length === 0) throw noPicture(deployment, reasons)
  return { images: pictures.map((base64) => ({ base64, mediaType: pictureTypeOf(base64) })), usage: null }
}

/** One text, or a list of them; empty ones say nothing. */
export function textsIn(value: JsonValue | undefined): string[] {
  const each = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return each.filter((one) => typeof one === "string" && one !== "") as string[]
}
