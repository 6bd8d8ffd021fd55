// Files that a message names by their id: their bytes take the place of the id before a model is asked. What is stored keeps the id.
import type { ActingCaller } from "../context/index.ts"
import { AppError, isJsonObject, type JsonValue } from "../core/index.ts"
import type { ResponseItem } from "./types.ts"

export interface AttachedFile {
  readonly filename: string
  /** As its first bytes prove it; null for text. */
  readonly mediaType: string | null
  readonly data: Buffer
}

/** Throws `not_found` for a file that the caller does not reach, `request_too_large` for one of more than so many bytes. */
export type ReadAttachment = (caller: ActingCaller, fileId: string, bytesMax: number) => Promise<AttachedFile>

export interface Attachments {
  readonly readAttachment: ReadAttachment
  /** For all files of one response together. */
  readonly attachedBytesMax: number
}

/** A place that names a file. */
export interface NamedFile {
  readonly fileId: string
  /** Where in the request its id stands, for an error. */
  readonly param: string
}

/** So many times what may be read may be sent: turns of a conversation name a file again, and its bytes go to each place. */
const sentTimesMax = 4

/** A file that is named twice is read once, and sent twice. */
export async function readAttachments(
  { readAttachment, attachedBytesMax }: Attachments,
  caller: ActingCaller,
  named: readonly NamedFile[],
): Promise<ReadonlyMap<string, AttachedFile>> {
  const read = new Map<string, AttachedFile>()
  let readBytes = 0
  let sentBytes = 0
  for (const { fileId, param } of named) {
    let file = read.get(fileId)
    if (!file) {
      file = await readAttachment(caller, fileId, attachedBytesMax - readBytes).catch((error: unknown) => {
        throw atPlace(error, param)
      })
      readBytes += file.data.length
      read.set(fileId, file)
    }
    sentBytes += file.data.length
    if (sentBytes > sentTimesMax * attachedBytesMax) throw namedTooOften(fileId, param, sentTimesMax * attachedBytesMax)
  }
  return read
}

function namedTooOften(fileId: string, param: string, bytesMax: number): AppError {
  return new AppError(
    "file_too_large",
    `Files are named so often that their bytes are more than the ${bytesMax} of one request, the last of them '${fileId}'.`,
    { param, hint: "Name each file once, or raise limits.attachedBytesMax in perdure.yaml." },
  )
}

/** The items with the bytes of their files; those that name none are the same objects. */
export async function withAttachments(
  attachments: Attachments,
  caller: ActingCaller,
  items: readonly ResponseItem[],
): Promise<readonly ResponseItem[]> {
  const named = items.flatMap((item, index) => placesOf(item, index))
  if (named.length === 0) return items
  const read = await readAttachments(attachments, caller, named)
  return items.map((item) => filledIn(item, read))
}

/** Ids of the files that an item names. */
export function attachedFileIds(item: ResponseItem): string[] {
  return placesOf(item, 0).map(({ fileId }) => fileId)
}

/** Messages have them in their content, outputs of functions in their output. */
const holders = ["content", "output"] as const

function placesOf(item: ResponseItem, index: number): NamedFile[] {
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

export function dataUrl({ mediaType, data }: AttachedFile): string {
  return `data:${mediaType ?? "text/plain"};base64,${data.toString("base64")}`
}
