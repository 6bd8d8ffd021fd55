// Multipart bodies that are there as a whole, split into fields without copying; and what such bodies are made of.
import { AppError } from "../../core/index.ts"

export interface MultipartPart {
  name: string
  filename: string | undefined
  /** As its sender says. */
  mediaType?: string
  content: Buffer
}

/** A part of a body that is there as a whole. */
export interface PlacedPart extends MultipartPart {
  /** Bytes of the body without which it is the same without this part; `end` exclusive. */
  start: number
  end: number
}

export const partsMax = 32
export const partHeaderBytesMax = 8 * 1024

export function boundaryOf(contentType: string): string {
  const boundary = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType)
  const value = boundary?.[1] ?? boundary?.[2]
  if (value !== undefined) return value
  throw new AppError(
    "unsupported_media_type",
    `An upload is \`multipart/form-data\` with a boundary; got '${contentType.slice(0, 100)}'.`,
    {
      hint: "Send the file as form field `file` and its purpose as `purpose`.",
    },
  )
}

/** The parts of a whole body, as views into it. */
export function splitMultipart(body: Buffer, boundary: string): PlacedPart[] {
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1")
  const parts: PlacedPart[] = []
  // The first delimiter may stand at the very start, without its line break.
  let at = body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2)) ? delimiter.length - 2 : after(body, delimiter, 0)
  for (;;) {
    if (at === -1) throw malformed("a part is not closed by its boundary")
    if (body.subarray(at, at + 2).toString("latin1") === "--") return parts
    if (parts.length >= partsMax) throw malformed(`it has more than ${partsMax} parts`)
    const head = after(body, Buffer.from("\r\n"), at)
    const headEnd = body.indexOf("\r\n\r\n", Math.max(head - 2, 0), "latin1")
    if (head === -1 || headEnd === -1 || headEnd - head > partHeaderBytesMax) throw malformed("a part has no header")
    const end = body.indexOf(delimiter, headEnd + 2)
    if (end === -1) throw malformed("a part is not closed by its boundary")
    const content = body.subarray(headEnd + 4, Math.max(end, headEnd + 4))
    parts.push({ ...named(body.toString("utf8", head, headEnd)), content, start: at, end: end + delimiter.length })
    at = end + delimiter.length
  }
}

export function named(header: string): Omit<MultipartPart, "content"> {
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(header)?.[1]
  const name = parameter(disposition ?? "", "name")
  if (name === undefined) throw malformed("a part has no name")
  const mediaType = /^content-type:[ \t]*([^\s;]{1,100})/im.exec(header)?.[1]?.toLowerCase()
  return { name, filename: parameter(disposition ?? "", "filename"), ...(mediaType === undefined ? {} : { mediaType }) }
}

/** A quoted parameter, found without a way to backtrack over white space; browsers and clients write `"` inside as `%22`. */
function parameter(disposition: string, key: string): string | undefined {
  const value = new RegExp(`\\b${key}="((?:[^"\\\\]|\\\\.)*)"`, "i").exec(disposition)?.[1]
  return value?.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll(/\\(.)/g, "$1")
}

function after(body: Buffer, mark: Buffer, from: number): number {
  const at = body.indexOf(mark, from)
  return at === -1 ? -1 : at + mark.length
}

export function malformed(why: string): AppError {
  return new AppError("invalid_request", `The multipart body is malformed: ${why}.`)
}
