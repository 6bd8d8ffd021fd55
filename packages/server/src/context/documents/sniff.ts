// What a file is, by its bytes; its name only chooses between kinds of text.
import { fileTypeFromBuffer } from "file-type"
import { DocumentError } from "./types.ts"

export type TextKind = "markdown" | "html" | "text"

export interface Recognised {
  kind: TextKind
  mediaType: string
  text: string
}

/** Bytes at the beginning that tell a type. */
export const sniffBytes = 4_100
const htmlStart = /<(?:!doctype\s+html|html|head|body)\b/iy

/** The media type that the first bytes prove, or undefined for plain text and unknown bytes. */
export async function provenMediaType(bytes: Uint8Array): Promise<string | undefined> {
  return (await fileTypeFromBuffer(bytes.subarray(0, sniffBytes)))?.mime
}

/** Decodes a text file, or says why it is none. */
export async function recognise(bytes: Uint8Array, filename: string): Promise<Recognised> {
  if (bytes.byteLength === 0) throw new DocumentError("invalid_file", `The file '${filename}' is empty.`)
  const proven = await provenMediaType(bytes)
  if (proven !== undefined && !proven.startsWith("text/") && !proven.endsWith("xml")) {
    throw new DocumentError(
      "unsupported_file",
      `The file '${filename}' is ${proven} by its content. Supported: Markdown, HTML and plain text (UTF-8 or UTF-16).`,
    )
  }
  const text = decode(bytes, filename)
  if (text.includes("\0")) throw new DocumentError("unsupported_file", `The file '${filename}' contains the NUL character; it is no text.`)
  if (text.trim() === "") throw new DocumentError("invalid_file", `The file '${filename}' has no text.`)
  const kind = kindOf(text, filename)
  return { kind, text, mediaType: kind === "markdown" ? "text/markdown" : kind === "html" ? "text/html" : "text/plain" }
}

function kindOf(text: string, filename: string): TextKind {
  if (beginsAsHtml(text)) return "html"
  if (/\.(?:md|markdown|mdx)$/i.test(filename)) return "markdown"
  return /\.x?html?$/i.test(filename) ? "html" : "text"
}

/** White space and comments are stepped over one by one: as one expression, a file of comments would be tried in every possible grouping. */
function beginsAsHtml(text: string): boolean {
  let at = text.search(/\S/)
  while (text.startsWith("<!--", at)) {
    const end = text.indexOf("-->", at + 4)
    if (end === -1) return false
    at = end + 3
    while (/\s/.test(text.charAt(at))) at += 1
  }
  htmlStart.lastIndex = at
  return htmlStart.test(text)
}

function decode(bytes: Uint8Array, filename: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes)
  const zero = bytes.indexOf(0)
  if (zero !== -1)
    throw new DocumentError(
      "unsupported_file",
      `The file '${filename}' is binary: byte ${zero} is zero. Supported: Markdown, HTML and plain text.`,
    )
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new DocumentError(
      "invalid_file",
      `The file '${filename}' is not valid UTF-8: the first error is near byte ${firstBadByte(bytes)}. Save it as UTF-8.`,
    )
  }
}

/** Offset of the first byte that no valid text reaches, by halving: a prefix is valid until then, save for a cut character at its end. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.byteLength
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (validPrefix(bytes, middle)) good = middle
    else bad = middle
  }
  return bad - 1
}

function validPrefix(bytes: Uint8Array, length: number): boolean {
  try {
    // In stream mode a character that the prefix cuts is waited for, not refused.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true })
    return true
  } catch {
    return false
  }
}
