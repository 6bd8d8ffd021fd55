// What a picture, sound or file in a message really is: bytes as base64 with their media type, or an address.
import { AppError } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import type { ModelContent } from "../message-types.ts"

export type MediaContent = Exclude<ModelContent, { type: "text" }>

/** `mediaType` of an address is a guess by its ending, where it has one. */
export type Media = { base64: string; mediaType: string } | { address: string; mediaType: string | undefined }

export function mediaOf(part: MediaContent): Media {
  if (part.type === "audio") return { base64: part.data, mediaType: audioTypes[part.format] ?? `audio/${part.format}` }
  const source = part.type === "image" ? part.url : part.data
  const stated = part.type === "file" ? (part.mediaType ?? typeByEnding(part.name)) : undefined
  if (source.startsWith("data:")) return ofDataUrl(source, stated)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) return { address: source, mediaType: stated ?? typeByEnding(source) }
  return { base64: source, mediaType: stated ?? (part.type === "image" ? "image/png" : "application/octet-stream") }
}

/** A file as it was sent: what its sender says of it, else its ending, tells what it is. */
export function mediaIn(file: { content: Buffer; name: string; mediaType: string | undefined; otherwise: string }): {
  base64: string
  mediaType: string
} {
  const isSaid = file.mediaType !== undefined && file.mediaType !== "application/octet-stream"
  const mediaType = (isSaid ? file.mediaType : typeByEnding(file.name)) ?? file.otherwise
  return { base64: file.content.toString("base64"), mediaType }
}

/** The error for something that cannot be said in a dialect, and that the answer would be wrong without. */
export function cannotSend(deployment: Deployment, what: string, hint?: string): AppError {
  return new AppError("unsupported_value", `${what} cannot be sent to "${deployment.id}"`, {
    param: "messages",
    ...(hint === undefined ? {} : { hint }),
  })
}

function ofDataUrl(url: string, stated: string | undefined): Media {
  const comma = url.indexOf(",")
  const head = url.slice("data:".length, Math.max(comma, "data:".length)).split(";")
  const content = url.slice(comma + 1)
  const isBase64 = head.at(-1)?.trim().toLowerCase() === "base64"
  const mediaType = head[0]?.includes("/") ? head[0].trim().toLowerCase() : (stated ?? "text/plain")
  return { base64: isBase64 ? content : Buffer.from(decodeURIComponent(content)).toString("base64"), mediaType }
}

function typeByEnding(nameOrAddress: string): string | undefined {
  const ending = /\.([a-z0-9]{1,5})(?:[?#].*)?$/i.exec(nameOrAddress)?.[1]?.toLowerCase()
  return ending === undefined ? undefined : endings[ending]
}

const audioTypes: Readonly<Record<string, string>> = { mp3: "audio/mpeg", m4a: "audio/mp4", pcm16: "audio/pcm" }

const endings: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  html: "text/html",
  htm: "text/html",
  csv: "text/csv",
  xml: "text/xml",
  json: "application/json",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  wav: "audio/wav",
  mp3: "audio/mpeg",
  flac: "audio/flac",
  ogg: "audio/ogg",
  aac: "audio/aac",
  mp4: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
}

/** What bytes are by their beginnings, of pictures in base64. */
const pictureBeginnings: readonly (readonly [string, string])[] = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["UklGR", "image/webp"],
  ["R0lGOD", "image/gif"],
]

export function pictureTypeOf(base64: string): string {
  return pictureBeginnings.find(([beginning]) => base64.startsWith(beginning))?.[1] ?? "image/png"
}

/** By its beginning, else by the format that was asked for. */
export function soundTypeOf(sound: Buffer, format: string | null): string {
  const beginning = sound.toString("latin1", 0, 4)
  if (beginning === "RIFF") return "audio/wav"
  if (beginning === "OggS") return "audio/ogg"
  if (beginning === "fLaC") return "audio/flac"
  if (beginning.startsWith("ID3") || /^\xff[\xe2\xe3\xf2\xf3\xfa\xfb]/.test(beginning)) return "audio/mpeg"
  if (format === null) return "application/octet-stream"
  return audioTypes[format] ?? `audio/${format}`
}
