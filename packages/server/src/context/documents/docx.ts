// Word documents (DOCX): paragraphs, lists and tables under their headings, notes at the end; what is deleted or hidden in them is left out.
import { ExtractedText } from "./extracted.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"
import { walkXml, type XmlElement } from "./xml.ts"
import type { ZipArchive } from "./zip.ts"

/** Subtrees that a reader of the document does not see as its text. Of an alternative, the fallback repeats the choice. */
const skipped = new Set(["del", "moveFrom", "delText", "instrText", "Fallback", "pict", "rPrChange", "pPrChange", "sectPr"])

export function parseDocx(archive: ZipArchive, limits: ParseLimits): ParsedDocument {
  const body = archive.text("word/document.xml")
  if (body === undefined) throw new DocumentError("invalid_file", "The file has no word/document.xml: it is no Word document.")
  const text = new ExtractedText(limits)
  const styles = headingStyles(archive.text("word/styles.xml"))
  walkBody(body, "word/document.xml", styles, text)
  for (const [part, title] of [
    ["footnotes", "Footnotes"],
    ["endnotes", "Endnotes"],
  ] as const) {
    const notes = archive.text(`word/${part}.xml`)
    if (notes === undefined) continue
    text.heading(1, title)
    walkBody(notes, `word/${part}.xml`, new Map(), text)
  }
  return text.finished("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
}

/** Depth of the heading that each paragraph style is, 1 the highest. */
function headingStyles(xml: string | undefined): Map<string, number> {
  const depths = new Map<string, number>()
  if (xml === undefined) return depths
  let style = ""
  walkXml(xml, "word/styles.xml", {
    open: (element) => {
      if (element.name === "style") style = element.attribute("styleId") ?? ""
      else if (element.name === "name") {
        const name = element.attribute("val") ?? ""
        const depth = /^heading (\d)$/i.exec(name)?.[1]
        if (depth !== undefined) depths.set(style, Number(depth))
        else if (/^title$/i.test(name)) depths.set(style, 1)
      } else if (element.name === "outlineLvl") {
        const level = Number(element.attribute("val") ?? "9")
        if (level < 9 && !depths.has(style)) depths.set(style, level + 1)
      }
    },
  })
  return depths
}

interface Paragraph {
  text: string
  depth: number | undefined
  isItem: boolean
}

/** Gathers paragraphs; those of a table's row are joined in one line. */
class BodyWalker {
  readonly #styles: ReadonlyMap<string, number>
  readonly #out: ExtractedText
  readonly #paragraphs: Paragraph[] = []
  /** The cells of the rows that are open, outermost first: tables may stand in tables. */
  readonly #rows: string[][] = []
  #skipping = 0
  #isHidden = false
  #inText = false
  #lastWasItem = false

  constructor(styles: ReadonlyMap<string, number>, out: ExtractedText) {
    this.#styles = styles
    this.#out = out
  }

  open(element: XmlElement): void {
    const { name } = element
    if (this.#skipping > 0 || skipped.has(name)) {
      this.#skipping += 1
      return
    }
    const paragraph = this.#paragraphs.at(-1)
    if (name === "p") this.#paragraphs.push({ text: "", depth: undefined, isItem: false })
    else if (name === "tr") this.#rows.push([])
    else if (name === "tc") this.#rows.at(-1)?.push("")
    else if (name === "r") this.#isHidden = false
    else if (name === "vanish") this.#isHidden = element.attribute("val") !== "0" && element.attribute("val") !== "false"
    else if (name === "t") this.#inText = true
    else if (paragraph === undefined) return
    else if (name === "pStyle") paragraph.depth = this.#styles.get(element.attribute("val") ?? "")
    else if (name === "outlineLvl") paragraph.depth ??= Number(element.attribute("val") ?? "8") + 1
    else if (name === "numPr") paragraph.isItem = true
    else if (name === "tab") paragraph.text += "\t"
    else if (name === "br" || name === "cr") paragraph.text += "\n"
    else if (name === "noBreakHyphen") paragraph.text += "-"
  }

  text(text: string): void {
    const paragraph = this.#paragraphs.at(-1)
    if (this.#skipping === 0 && this.#inText && !this.#isHidden && paragraph !== undefined) paragraph.text += text
  }

  close(name: string): void {
    if (this.#skipping > 0) {
      this.#skipping -= 1
      return
    }
    if (name === "t") this.#inText = false
    else if (name === "r") this.#isHidden = false
    else if (name === "p") this.#paragraph(this.#paragraphs.pop())
    else if (name === "tr") this.#row(this.#rows.pop() ?? [])
  }

  #paragraph(paragraph: Paragraph | undefined): void {
    if (paragraph === undefined || paragraph.text.trim() === "") return
    const cells = this.#rows.at(-1)
    // Inside a text box the paragraph around it is still open: its own text goes on after the box.
    if (cells !== undefined) cells[cells.length - 1] = [cells.at(-1), paragraph.text.trim()].filter(Boolean).join(" ")
    else if (paragraph.depth !== undefined && paragraph.depth <= 9) this.#out.heading(paragraph.depth, paragraph.text)
    else
      this.#out.block(paragraph.isItem ? `- ${paragraph.text.trim()}` : paragraph.text, { isTight: paragraph.isItem && this.#lastWasItem })
    this.#lastWasItem = paragraph.isItem
  }

  #row(cells: readonly string[]): void {
    const line = cells.map((cell) => cell.replace(/\s+/g, " ")).join(" | ")
    const outer = this.#rows.at(-1)
    if (outer !== undefined) outer[outer.length - 1] = `${outer.at(-1) ?? ""} ${line}`.trim()
    else if (line.replaceAll("|", "").trim() !== "") this.#out.block(line, { kind: "lines", isTight: true })
  }
}

function walkBody(xml: string, what: string, styles: ReadonlyMap<string, number>, out: ExtractedText): void {
  const walker = new BodyWalker(styles, out)
  walkXml(xml, what, {
    open: (element) => walker.open(element),
    text: (text) => walker.text(text),
    close: (name) => walker.close(name),
  })
}
