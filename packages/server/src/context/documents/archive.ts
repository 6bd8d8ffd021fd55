// Files that are zip archives: which kind of document one is, its entries tell.
import { parseDocx } from "./docx.ts"
import { parseEpub } from "./epub.ts"
import { odfType, parseOdf } from "./odf.ts"
import { parseSheets } from "./sheets.ts"
import { parseSlides } from "./slides.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"
import { ZipArchive } from "./zip.ts"

export function parseArchive(bytes: Uint8Array, filename: string, limits: ParseLimits): ParsedDocument {
  const archive = new ZipArchive(bytes, limits)
  if (archive.has("word/document.xml")) return parseDocx(archive, limits)
  if (archive.has("xl/workbook.xml")) return parseSheets(archive, limits)
  if (archive.has("ppt/presentation.xml")) return parseSlides(archive, limits)
  const openDocument = odfType(archive)
  if (openDocument !== undefined) return parseOdf(archive, openDocument, filename, limits)
  if (archive.has("META-INF/container.xml")) return parseEpub(archive, limits)
  throw new DocumentError(
    "unsupported_file",
    `The file '${filename}' is a zip archive, but no DOCX, XLSX, PPTX, ODT, ODS, ODP or EPUB. Unpack it and upload what is in it.`,
  )
}
