// OpenDocument spreadsheets (ODS): each sheet a page under its name, each row with the names of its columns.
import { ExtractedText } from "./extracted.ts"
import { rowText, TableRows } from "./rows.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"
import { walkXml, type XmlElement } from "./xml.ts"

const columnsMax = 1_024
/** A row or cell says how often it is repeated; what is repeated more often than this is a fill of the sheet, and told once. */
const repeatsMax = 1_000

export function parseOdfSheets(content: string, hidden: ReadonlySet<string>, type: string, limits: ParseLimits): ParsedDocument {
  const walker = new SheetWalker(new ExtractedText(limits), hidden, limits.pagesMax)
  walkXml(content, "content.xml", {
    open: (element) => walker.open(element),
    text: (text) => walker.text(text),
    close: (name) => walker.close(name),
  })
  return walker.finished(type)
}

class SheetWalker {
  readonly #out: ExtractedText
  readonly #hidden: ReadonlySet<string>
  readonly #pagesMax: number
  #pages = 0
  #skipping = 0
  #rows = new TableRows()
  #cells: string[] = []
  #cell: { text: string; repeats: number } | undefined
  #rowRepeats = 1

  constructor(out: ExtractedText, hidden: ReadonlySet<string>, pagesMax: number) {
    this.#out = out
    this.#hidden = hidden
    this.#pagesMax = pagesMax
  }

  open(element: XmlElement): void {
    const { name } = element
    if (this.#skipping > 0 || name === "annotation" || name === "tracked-changes" || name === "shapes" || this.#isHidden(element)) {
      this.#skipping += 1
      return
    }
    if (name === "table") this.#beginSheet(element)
    else if (name === "table-row") {
      this.#cells = []
      this.#rowRepeats = repeatsOf(element, "number-rows-repeated")
    } else if (name === "table-cell" || name === "covered-table-cell")
      this.#cell = { text: "", repeats: repeatsOf(element, "number-columns-repeated") }
    else if (this.#cell === undefined) return
    else if (name === "p" && this.#cell.text !== "") this.#cell.text += " "
    else if (name === "s" || name === "tab" || name === "line-break") this.#cell.text += " "
  }

  text(text: string): void {
    if (this.#skipping === 0 && this.#cell !== undefined) this.#cell.text += text
  }

  close(name: string): void {
    if (this.#skipping > 0) {
      this.#skipping -= 1
      return
    }
    if (name === "table-cell" || name === "covered-table-cell") this.#endCell()
    else if (name === "table-row") this.#endRow()
    else if (name === "table") {
      const header = this.#rows.headerAlone()
      if (header !== undefined) this.#out.block(header, { kind: "lines" })
    }
  }

  finished(type: string): ParsedDocument {
    return this.#out.finished(type)
  }

  #isHidden(element: XmlElement): boolean {
    if (element.name === "table") return this.#hidden.has(element.attribute("table:style-name") ?? "")
    return element.name === "table-row" && element.attribute("table:visibility") === "collapse"
  }

  #beginSheet(element: XmlElement): void {
    this.#pages += 1
    if (this.#pages > this.#pagesMax)
      throw new DocumentError("invalid_file", `The file has more than ${this.#pagesMax} sheets (filePagesMax). Split it.`)
    this.#rows = new TableRows()
    this.#out.page(this.#pages)
    this.#out.heading(1, element.attribute("table:name") ?? `Sheet ${this.#pages}`)
  }

  #endCell(): void {
    const { text, repeats } = this.#cell ?? { text: "", repeats: 0 }
    this.#cell = undefined
    const room = columnsMax - this.#cells.length
    for (let index = 0; index < Math.min(repeats, room); index++) this.#cells.push(text)
  }

  #endRow(): void {
    for (let index = 0; index < this.#rowRepeats; index++) {
      const named = this.#rows.named(this.#cells)
      // An empty one, however often, adds nothing.
      if (named === undefined) {
        if (this.#cells.every((cell) => cell.trim() === "")) return
      } else this.#out.block(rowText(named), { kind: "lines", isTight: true })
    }
  }
}

function repeatsOf(element: XmlElement, name: string): number {
  const repeats = Number(element.attribute(`table:${name}`) ?? "1")
  return Number.isInteger(repeats) && repeats >= 1 && repeats <= repeatsMax ? repeats : 1
}
