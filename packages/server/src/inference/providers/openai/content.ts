// Parts of a message as chat completions have them: text, pictures, sound, files, as far as the provider takes them.
import type { JsonObject, JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { ModelContent } from "../../message-types.ts"
import { cannotSend, mediaOf, type Media, type MediaContent } from "../media.ts"
import type { ChatHabits } from "../presets.ts"

/** Text alone is a string, which every server understands; anything else is a list of parts. */
export function chatContent(content: readonly ModelContent[], deployment: Deployment, habits: ChatHabits): JsonValue {
  const isMarked = habits.cacheControl && content.some(({ cacheControl }) => cacheControl !== undefined)
  if (!isMarked && content.every((part) => part.type === "text")) return content.map((part) => part.text).join("\n")
  return content.map((part) => {
    const marked = habits.cacheControl && part.cacheControl !== undefined ? { cache_control: part.cacheControl } : {}
    return { ...(part.type === "text" ? { type: "text", text: part.text } : mediaPart(part, deployment, habits)), ...marked }
  })
}

function mediaPart(part: MediaContent, deployment: Deployment, habits: ChatHabits): JsonObject {
  if (part.type === "audio") return { type: "input_audio", input_audio: { data: part.data, format: part.format } }
  const media = mediaOf(part)
  const type = media.mediaType ?? ""
  if (part.type === "image" || type.startsWith("image/"))
    return imagePart(media, part.type === "image" ? part.detail : undefined, deployment, habits)
  // Servers that take files take PDF and little else; text can always be said as text.
  if ("base64" in media && (type.startsWith("text/") || type === "application/json"))
    return { type: "text", text: `${part.name}\n${Buffer.from(media.base64, "base64").toString()}` }
  return filePart(part.name, media, deployment, habits)
}

function imagePart(media: Media, detail: string | undefined, deployment: Deployment, habits: ChatHabits): JsonObject {
  if ("address" in media && !habits.imageAddresses)
    throw cannotSend(deployment, "a picture by its address", "Send the picture itself, as a data URL.")
  return { type: "image_url", image_url: { url: addressOf(media), ...(detail === undefined ? {} : { detail }) } }
}

function filePart(name: string, media: Media, deployment: Deployment, { files }: ChatHabits): JsonObject {
  if (files === "document_url") return { type: "document_url", document_url: addressOf(media), document_name: name }
  if (files === null) throw cannotSend(deployment, "a file", "This provider takes text and pictures.")
  if ("address" in media && deployment.provider !== "openrouter")
    throw cannotSend(deployment, "a file by its address", "Send the file itself, as a data URL.")
  return { type: "file", file: { filename: name, file_data: addressOf(media) } }
}

function addressOf(media: Media): string {
  return "address" in media ? media.address : `data:${media.mediaType};base64,${media.base64}`
}
