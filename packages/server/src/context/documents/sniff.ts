// What a file is, by its bytes; its name only chooses between kinds of text.
import { fileTypeFromBuffer } from "file-type"

export type TextKind = "markdown" | "html" | "csv" | "json" | "jsonl" | "text"

/** Bytes at the beginning that tell a type. */
export const sniffBytes = 4_100
const htmlStart = /<(?:!doctype\s+html|html|head|body)\b/iy
const kindsByExtension: Readonly<Record<string, TextKind>> = {
  md: "markdown",
  markdown: "markdown",
  mdx: "markdown",
  html: "html",
  htm: "html",
  xhtml: "html",
  csv: "csv",
  tsv: "csv",
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
}

/** The media type that the first bytes prove, or undefined for plain text and unknown bytes. */
export async function provenMediaType(bytes: Uint8Array): Promise<string | undefined> {
  return (await fileTypeFromBuffer(bytes.subarray(0, sniffBytes)))?.mime
}

export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5) && (bytes[3] === 4 || bytes[3] === 6)
}

/** Some writers put something before the mark, and readers accept it within the first kilobyte. */
export function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1_024)).includes("%PDF-")
}

export function textKindOf(text: string, filename: string): TextKind {
  if (beginsAsHtml(text)) return "html"
  const extension = /\.([a-z]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? ""
  return Object.hasOwn(kindsByExtension, extension) ? (kindsByExtension[extension] ?? "text") : "text"
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
