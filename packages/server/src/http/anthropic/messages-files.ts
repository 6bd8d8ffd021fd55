// Where a messages request names files by their ids, results of tools included, and the blocks that stand there with their bytes.
import type { AttachedFile } from "../../agents/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { plainText } from "../light/file-text.ts"
import type { JsonPath } from "../light/json-splice.ts"
import type { FilePlace } from "../light/stored-files.ts"
import { pathText } from "../request-body.ts"

export function messagesFiles({ messages }: JsonObject): FilePlace[] {
  return listOf(messages).flatMap((message, at) => (isJsonObject(message) ? placesIn(message["content"], ["messages", at, "content"]) : []))
}

function placesIn(content: JsonValue | undefined, path: JsonPath): FilePlace[] {
  return listOf(content).flatMap((block, index) => {
    if (!isJsonObject(block)) return []
    const here = [...path, index]
    if (block["type"] === "tool_result") return placesIn(block["content"], [...here, "content"])
    const fileId = fileIdOf(block)
    if (fileId === undefined) return []
    return [{ fileId, param: `${pathText(here)}.source.file_id`, path: here, put: (file: AttachedFile) => blockOf(block, file) }]
  })
}

function fileIdOf({ type, source }: JsonObject): string | undefined {
  if ((type !== "image" && type !== "document") || !isJsonObject(source) || source["type"] !== "file") return undefined
  return typeof source["file_id"] === "string" ? source["file_id"] : undefined
}

/** What the file is decides, whichever block named it. */
function blockOf(block: JsonObject, file: AttachedFile): JsonObject {
  const { filename, mediaType, data } = file
  const text = plainText(file)
  if (text !== undefined)
    return { title: filename, ...block, type: "document", source: { type: "text", media_type: "text/plain", data: text } }
  const source = { type: "base64", media_type: mediaType ?? "application/octet-stream", data: data.toString("base64") }
  if (mediaType?.startsWith("image/") !== true) return { title: filename, ...block, type: "document", source }
  const { cache_control: cached } = block
  return { type: "image", source, ...(cached === undefined ? {} : { cache_control: cached }) }
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
