// OpenDocument files: texts (ODT) and presentations (ODP) under their headings and slides; what is deleted, commented or hidden in them is left out.
import { ExtractedText } from "./extracted.ts"
import { hiddenStyles } from "./odf-styles.ts"
import { parseOdfSheets } from "./odf-sheets.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"
import { walkXml, type XmlElement } from "./xml.ts"
import type { ZipArchive } from "./zip.ts"

const typePrefix = "application/vnd.oasis.opendocument."
/** Longer runs of blanks are layout. */
const blanksMax = 100

/** The media type that the archive says it has; undefined where it is no OpenDocument file. */
export function odfType(archive: ZipArchive): string | undefined {
  const type = archive.has("content.xml") ? archive.text("mimetype")?.trim() : undefined
  return type?.startsWith(typePrefix) === true ? type : undefined
}

export function parseOdf(archive: ZipArchive, type: string, filename: string, limits: ParseLimits): ParsedDocument {
  if (archive.text("META-INF/manifest.xml")?.includes("encryption-data") === true)
    throw new DocumentError("invalid_file", `The file '${filename}' is protected by a password. Save it without one.`)
  const kind = type.slice(typePrefix.length).replace(/-template$/, "")
  const content = archive.text("content.xml") ?? ""
  const hidden = hiddenStyles(content, archive.text("styles.xml"))
  if (kind === "spreadsheet") return parseOdfSheets(content, hidden, type, limits)
  if (kind !== "text" && kind !== "presentation") {
    throw new DocumentError(
      "unsupported_file",
      `The file '${filename}' is an OpenDocument file of the kind '${kind}'; text, spreadsheet and presentation are read.`,
    )
  }
  const walker = new OdfWalker(new ExtractedText(limits), hidden, limits.pagesMax)
  walkXml(content, "content.xml", {
    open: (element) => walker.open(element),
    text: (text) => walker.text(text),
    close: (name) => walker.close(name),
  })
  return walker.finished(type)
}

/** Subtrees that a reader of the document does not see as its text. */
const skipped = new Set([
  "tracked-changes",
  "annotation",
  "annotation-end",
  "hidden-text",
  "hidden-paragraph",
  "forms",
  "note-citation",
  "ruby-text",
  "automatic-styles",
  "script",
  "scripts",
  "event-listeners",
  "sequence-decls",
  "title",
  "desc",
])

interface Paragraph {
  text: string
  depth: number | undefined
}

/** Its paragraphs, until its title is known. */
interface Slide {
  title: string
  name: string
  said: string[]
  notes: string[]
}

/** Gathers paragraphs; those of a table's row are joined in one line, those of a slide stand under its title. */
class OdfWalker {
  readonly #out: ExtractedText
  readonly #hidden: ReadonlySet<string>
  readonly #pagesMax: number
  readonly #paragraphs: Paragraph[] = []
  readonly #rows: string[][] = []
  #skipping = 0
  #pages = 0
  #slide: Slide | undefined
  #isTitle = false
  #inNotes = false
  #lists = 0

  constructor(out: ExtractedText, hidden: ReadonlySet<string>, pagesMax: number) {
    this.#out = out
    this.#hidden = hidden
    this.#pagesMax = pagesMax
  }

  open(element: XmlElement): void {
    const { name } = element
    if (this.#skipping > 0 || skipped.has(name) || this.#isHidden(element)) {
      this.#skipping += 1
      return
    }
    const paragraph = this.#paragraphs.at(-1)
    if (name === "p") this.#paragraphs.push({ text: "", depth: undefined })
    else if (name === "h") this.#paragraphs.push({ text: "", depth: Math.max(1, Number(element.attribute("outline-level") ?? "1") || 1) })
    else if (name === "table-row") this.#rows.push([])
    else if (name === "table-cell" || name === "covered-table-cell") this.#rows.at(-1)?.push("")
    else if (name === "list") this.#lists += 1
    else if (name === "page") this.#beginSlide(element)
    else if (name === "notes") this.#inNotes = true
    else if (name === "frame" || name === "custom-shape") this.#isTitle = element.attribute("presentation:class") === "title"
    else if (paragraph === undefined) return
    else if (name === "tab") paragraph.text += "\t"
    else if (name === "line-break") paragraph.text += "\n"
    else if (name === "s") paragraph.text += " ".repeat(Math.min(blanksMax, Math.max(1, Number(element.attribute("c") ?? "1") || 1)))
  }

  text(text: string): void {
    const paragraph = this.#paragraphs.at(-1)
    // Blanks at line ends of the XML are none.
    if (this.#skipping === 0 && paragraph !== undefined) paragraph.text += text.replaceAll(/\s+/g, " ")
  }

  close(name: string): void {
    if (this.#skipping > 0) {
      this.#skipping -= 1
      return
    }
    if (name === "p" || name === "h") this.#paragraph(this.#paragraphs.pop())
    else if (name === "table-row") this.#row(this.#rows.pop() ?? [])
    else if (name === "list") this.#lists -= 1
    else if (name === "notes") this.#inNotes = false
    else if (name === "page") this.#endSlide()
  }

  finished(type: string): ParsedDocument {
    return this.#out.finished(type)
  }

  #isHidden(element: XmlElement): boolean {
    const style = element.attribute("style-name")
    return (style !== undefined && this.#hidden.has(style)) || element.attribute("table:visibility") === "collapse"
  }

  #paragraph(paragraph: Paragraph | undefined): void {
    const said = paragraph?.text.trim() ?? ""
    if (paragraph === undefined || said === "") return
    const cells = this.#rows.at(-1)
    if (cells !== undefined) cells[Math.max(0, cells.length - 1)] = [cells.at(-1), said].filter(Boolean).join(" ")
    else if (this.#slide !== undefined) this.#onSlide(this.#slide, said)
    else if (paragraph.depth !== undefined) this.#out.heading(Math.min(9, paragraph.depth), said)
    else this.#out.block(this.#lists > 0 ? `- ${said}` : said, { isTight: this.#lists > 0 })
  }

  #row(cells: readonly string[]): void {
    const line = cells.map((cell) => cell.replaceAll(/\s+/g, " ")).join(" | ")
    const outer = this.#rows.at(-1)
    if (outer !== undefined) outer[Math.max(0, outer.length - 1)] = `${outer.at(-1) ?? ""} ${line}`.trim()
    else if (line.replaceAll("|", "").trim() === "") return
    else if (this.#slide !== undefined) this.#slide.said.push(line)
    else this.#out.block(line, { kind: "lines", isTight: true })
  }

  #beginSlide(element: XmlElement): void {
    this.#pages += 1
    if (this.#pages > this.#pagesMax)
      throw new DocumentError("invalid_file", `The file has more than ${this.#pagesMax} slides (filePagesMax). Split it.`)
    this.#slide = { title: "", name: element.attribute("draw:name") ?? "", said: [], notes: [] }
  }

  #onSlide(slide: Slide, said: string): void {
    if (this.#inNotes) slide.notes.push(said)
    else if (this.#isTitle && slide.title === "") slide.title = said
    else slide.said.push(this.#lists > 0 ? `- ${said}` : said)
  }

  #endSlide(): void {
    if (this.#slide === undefined) return
    const { title, name, said, notes } = this.#slide
    this.#slide = undefined
    this.#out.page(this.#pages)
    this.#out.heading(1, title || name || `Slide ${this.#pages}`)
    for (const each of said) this.#out.block(each)
    if (notes.length > 0) this.#out.heading(2, "Notes")
    for (const each of notes) this.#out.block(each)
  }
}
