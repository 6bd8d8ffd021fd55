// Where a chat completions request names files by their ids, and the parts that stand there with their bytes.
import { dataUrl, type AttachedFile } from "../../agents/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { fileText, plainText } from "../light/file-text.ts"
import type { FilePlace } from "../light/stored-files.ts"

export function chatFiles({ messages }: JsonObject): FilePlace[] {
  return listOf(messages).flatMap((message, at) =>
    (isJsonObject(message) ? listOf(message["content"]) : []).flatMap((part, number) => {
      const named = namedBy(part)
      if (!named) return []
      const path = ["messages", at, "content", number]
      const param = `messages[${at}].content[${number}].file.file_id`
      return [{ fileId: named.fileId, param, path, put: (file: AttachedFile) => partOf(named, file) }]
    }),
  )
}

interface Named {
  fileId: string
  /** Of its `file`. */
  others: JsonObject
  /** Beside it: a cache mark. */
  rest: JsonObject
}

/** Undefined where the part brings its bytes itself. */
function namedBy(part: JsonValue): Named | undefined {
  if (!isJsonObject(part)) return undefined
  const { type, file, ...rest } = part
  if (type !== "file" || !isJsonObject(file)) return undefined
  const { file_id: fileId, file_data: data, ...others } = file
  return typeof fileId === "string" && typeof data !== "string" ? { fileId, others, rest } : undefined
}

/** In the part that every provider takes such a file in: only PDF and a few others are files to them. */
function partOf({ fileId, others, rest }: Named, file: AttachedFile): JsonObject {
  const { filename, mediaType, data } = file
  if (mediaType?.startsWith("image/") === true) return { type: "image_url", image_url: { url: dataUrl(file) }, ...rest }
  const format = mediaType === null ? undefined : soundFormats[mediaType]
  if (format !== undefined) return { type: "input_audio", input_audio: { data: data.toString("base64"), format }, ...rest }
  const text = plainText(file)
  if (text !== undefined) return { type: "text", text: fileText(fileId, filename, text), ...rest }
  return { type: "file", file: { filename, ...others, file_data: dataUrl(file) }, ...rest }
}

/** Those that the dialect has a name for. */
const soundFormats: Readonly<Record<string, string>> = { "audio/wav": "wav", "audio/vnd.wave": "wav", "audio/mpeg": "mp3" }

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
