// Parts of a message as Anthropic's content blocks: text, pictures, documents, each with its cache point.
import type { JsonObject, JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { ModelContent } from "../../message-types.ts"
import { cannotSend, mediaOf, type Media, type MediaContent } from "../media.ts"

/** Blocks without visible text are refused, so they are left out. */
export function contentBlocks(content: readonly ModelContent[], deployment: Deployment): JsonObject[] {
  return content.flatMap((part) => {
    if (part.type !== "text") return [{ ...mediaBlock(part, deployment), ...cacheControl(part.cacheControl) }]
    return part.text.trim() === "" ? [] : [{ type: "text", text: part.text, ...cacheControl(part.cacheControl) }]
  })
}

export function cacheControl(value: JsonValue | undefined): JsonObject {
  return value === undefined || value === null ? {} : { cache_control: value }
}

function mediaBlock(part: MediaContent, deployment: Deployment): JsonObject {
  const media = mediaOf(part)
  const type = media.mediaType ?? ""
  if (part.type === "image" || type.startsWith("image/")) return { type: "image", source: sourceOf(media) }
  if (part.type === "audio" || type.startsWith("audio/"))
    throw cannotSend(deployment, "sound", "Anthropic's models take text, pictures and documents.")
  const title = { title: part.name }
  if ("address" in media) return { type: "document", source: { type: "url", url: media.address }, ...title }
  if (type === "application/pdf" || isPdf(media))
    return { type: "document", source: sourceOf({ ...media, mediaType: "application/pdf" }), ...title }
  if (!type.startsWith("text/") && type !== "application/json")
    throw cannotSend(deployment, `a file of the type "${type}"`, "Anthropic's models take PDF and plain text files.")
  const text = Buffer.from(media.base64, "base64").toString()
  return { type: "document", source: { type: "text", media_type: "text/plain", data: text }, ...title }
}

function sourceOf(media: Media): JsonObject {
  return "address" in media ? { type: "url", url: media.address } : { type: "base64", media_type: media.mediaType, data: media.base64 }
}

/** `%PDF-` in base64, for files whose type nobody stated. */
function isPdf(media: Media): boolean {
  return "base64" in media && media.base64.startsWith("JVBERi0")
}
