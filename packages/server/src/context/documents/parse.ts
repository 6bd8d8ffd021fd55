// Parses one file: recognises it by its bytes and hands it to the parser of its kind. Runs in the worker thread.
import { parseArchive } from "./archive.ts"
import { parseCsv } from "./csv.ts"
import { decodeText } from "./encoding.ts"
import { parseHtml } from "./html.ts"
import { imageTypes, parseImage } from "./image.ts"
import { parseJson, parseJsonLines } from "./json.ts"
import { mailKindOf, parseMail } from "./mail.ts"
import { parseMarkdown } from "./markdown.ts"
import { parsePdf } from "./pdf.ts"
import { parsePlain } from "./plain.ts"
import { isRtf, parseRtf } from "./rtf.ts"
import { isPdf, isZip, provenMediaType, textKindOf } from "./sniff.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

const supported =
  "Supported: PDF, DOCX, PPTX, XLSX, ODT, ODP, ODS, EPUB, RTF, mail (EML, mbox), HTML, Markdown, CSV, JSON, JSON lines, plain text, pictures."
/** Old office files have one container for all of them. */
const containers: ReadonlySet<string> = new Set(["application/x-cfb", "application/msword", "application/vnd.ms-excel"])

export async function parseDocument(bytes: Uint8Array, filename: string, limits: ParseLimits): Promise<ParsedDocument> {
  if (bytes.byteLength === 0) throw new DocumentError("invalid_file", `The file '${filename}' is empty.`)
  const document = await parsed(bytes, filename, limits).catch((error: unknown) => {
    if (error instanceof RangeError) throw new DocumentError("invalid_file", `The file '${filename}' is nested too deeply to be parsed.`)
    throw error
  })
  if (document.blocks.length === 0) throw new DocumentError("invalid_file", `The file '${filename}' has no text that a reader would see.`)
  return document
}

async function parsed(bytes: Uint8Array, filename: string, limits: ParseLimits): Promise<ParsedDocument> {
  if (isPdf(bytes)) return parsePdf(bytes, filename, limits)
  if (isZip(bytes)) return parseArchive(bytes, filename, limits)
  if (isRtf(bytes)) return parseRtf(bytes, filename, limits)
  const proven = await provenMediaType(bytes)
  if (proven !== undefined && imageTypes.has(proven)) return parseImage(bytes, filename, proven, limits)
  if (proven !== undefined && containers.has(proven)) {
    throw new DocumentError(
      "unsupported_file",
      `The file '${filename}' is an office file of the old format (${proven}). Save it as DOCX, XLSX or PPTX.`,
    )
  }
  if (proven !== undefined && !proven.startsWith("text/") && !proven.endsWith("xml"))
    throw new DocumentError("unsupported_file", `The file '${filename}' is ${proven} by its content. ${supported}`)
  const mail = proven === undefined ? mailKindOf(bytes, filename) : undefined
  if (mail !== undefined) return parseMail(bytes, filename, mail, limits)
  return parsedText(decodeText(bytes, filename), filename, limits)
}

function parsedText(text: string, filename: string, limits: ParseLimits): ParsedDocument {
  const { charactersMax } = limits
  if (text.includes("\0")) throw new DocumentError("unsupported_file", `The file '${filename}' contains the NUL character; it is no text.`)
  if (text.trim() === "") throw new DocumentError("invalid_file", `The file '${filename}' has no text.`)
  if (text.length > charactersMax)
    throw new DocumentError(
      "invalid_file",
      `The file '${filename}' has ${text.length} characters; fileCharactersMax is ${charactersMax}. Split it.`,
    )
  switch (textKindOf(text, filename)) {
    case "markdown":
      return parseMarkdown(text)
    case "html":
      return parseHtml(text)
    case "csv":
      return parseCsv(text, filename, limits)
    case "json":
      return parseJson(text, limits)
    case "jsonl":
      return parseJsonLines(text, limits)
    default:
      return parsePlain(text)
  }
}
