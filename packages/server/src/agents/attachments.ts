// Files that a message names by their id: their bytes take the place of the id before a model is asked. What is stored keeps the id.
import { AppError, isJsonObject, type JsonValue } from "../core/index.ts"
import type { ResponseItem } from "./types.ts"

export interface AttachedFile {
  readonly filename: string
  /** As its first bytes prove it; null for text. */
  readonly mediaType: string | null
  readonly data: Buffer
}

/** Throws `not_found` for a file that the project does not have, `request_too_large` for one of more than so many bytes. */
export type ReadAttachment = (projectId: string, fileId: string, bytesMax: number) => Promise<AttachedFile>

export interface Attachments {
  readonly readAttachment: ReadAttachment
  /** For all files of one response together. */
  readonly attachedBytesMax: number
}

/** The items with the bytes of their files; those that name none are the same objects. A file that is named twice is read once. */
export async function withAttachments(
  { readAttachment, attachedBytesMax }: Attachments,
  projectId: string,
  items: readonly ResponseItem[],
): Promise<readonly ResponseItem[]> {
  const named = items.flatMap((item, index) => placesOf(item, index))
  if (named.length === 0) return items
  const read = new Map<string, AttachedFile>()
  let leftBytes = attachedBytesMax
  for (const { fileId, param } of named) {
    if (read.has(fileId)) continue
    const file = await readAttachment(projectId, fileId, leftBytes).catch((error: unknown) => {
      throw atPlace(error, param)
    })
    leftBytes -= file.data.length
    read.set(fileId, file)
  }
  return items.map((item) => filledIn(item, read))
}

/** Ids of the files that an item names. */
export function attachedFileIds(item: ResponseItem): string[] {
  return placesOf(item, 0).map(({ fileId }) => fileId)
}

interface Place {
  fileId: string
  param: string
}

/** Messages have them in their content, outputs of functions in their output. */
const holders = ["content", "output"] as const

function placesOf(item: ResponseItem, index: number): Place[] {
  return holders.flatMap((holder) =>
    partsOf(item[holder]).flatMap((part, number) => {
      const fileId = fileIdOf(part)
      return fileId === undefined ? [] : [{ fileId, param: `input[${index}].${holder}[${number}].file_id` }]
    }),
  )
}

function partsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

/** Undefined where the part brings its bytes or address itself. */
function fileIdOf(part: JsonValue): string | undefined {
  if (!isJsonObject(part)) return undefined
  const { type, file_id: id, image_url: image, file_data: data, file_url: address } = part
  if (typeof id !== "string" || id === "") return undefined
  if (type === "input_image") return typeof image === "string" ? undefined : id
  return type === "input_file" && typeof data !== "string" && typeof address !== "string" ? id : undefined
}

function atPlace(error: unknown, param: string): unknown {
  if (!(error instanceof AppError)) return error
  const { code, message, hint, cause } = error
  return new AppError(code, message, { param, ...(hint === undefined ? {} : { hint }), cause })
}

function filledIn(item: ResponseItem, read: ReadonlyMap<string, AttachedFile>): ResponseItem {
  let filled = item
  for (const holder of holders) {
    const parts = partsOf(item[holder])
    if (!parts.some((part) => fileIdOf(part) !== undefined)) continue
    filled = { ...filled, [holder]: parts.map((part) => filledPart(part, read)) }
  }
  return filled
}

function filledPart(part: JsonValue, read: ReadonlyMap<string, AttachedFile>): JsonValue {
  const id = fileIdOf(part)
  const file = id === undefined ? undefined : read.get(id)
  if (!file || !isJsonObject(part)) return part
  const { file_id: _, ...rest } = part
  return part["type"] === "input_image"
    ? { ...rest, image_url: dataUrl(file) }
    : { filename: file.filename, ...rest, file_data: dataUrl(file) }
}

function dataUrl({ mediaType, data }: AttachedFile): string {
  return `data:${mediaType ?? "text/plain"};base64,${data.toString("base64")}`
}
