// Spreadsheets (XLSX): each sheet a page under its name, each row with the names of its columns.
import { ExtractedText } from "./extracted.ts"
import { pagesOf } from "./office-parts.ts"
import { rowText, TableRows } from "./rows.ts"
import type { ParsedDocument, ParseLimits } from "./types.ts"
import { walkXml } from "./xml.ts"
import type { ZipArchive } from "./zip.ts"

/** A row's cells lie where their names say (`C7`), at most so far to the right. */
const columnsMax = 1_024

export function parseSheets(archive: ZipArchive, limits: ParseLimits): ParsedDocument {
  const text = new ExtractedText(limits)
  const shared = sharedStrings(archive.text("xl/sharedStrings.xml"))
  const sheets = sheetNames(archive)
  for (const [index, part] of pagesOf(archive, "xl/worksheets/sheet", "sheets", limits.pagesMax).entries()) {
    const sheet = sheets.get(part)
    if (sheet?.isHidden === true) continue
    text.page(index + 1)
    text.heading(1, sheet?.name ?? `Sheet ${index + 1}`)
    const rows = new TableRows()
    readRows(archive.text(part) ?? "", part, shared, (cells) => {
      const named = rows.named(cells)
      if (named !== undefined) text.block(rowText(named), { kind: "lines", isTight: true })
    })
    const header = rows.headerAlone()
    if (header !== undefined) text.block(header, { kind: "lines" })
  }
  return text.finished("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
}

function sharedStrings(xml: string | undefined): string[] {
  const strings: string[] = []
  if (xml === undefined) return strings
  let current = ""
  let inText = false
  let inPhonetic = false
  walkXml(xml, "xl/sharedStrings.xml", {
    open: ({ name }) => {
      if (name === "si") current = ""
      else if (name === "rPh") inPhonetic = true
      else if (name === "t") inText = !inPhonetic
    },
    text: (text) => (inText ? void (current += text) : undefined),
    close: (name) => {
      if (name === "t") inText = false
      else if (name === "rPh") inPhonetic = false
      else if (name === "si") strings.push(current)
    },
  })
  return strings
}

/** By the name of its part; a sheet that its author hid is not read. */
function sheetNames(archive: ZipArchive): Map<string, { name: string; isHidden: boolean }> {
  const targets = new Map<string, string>()
  walkXml(archive.text("xl/_rels/workbook.xml.rels") ?? "<r/>", "workbook relations", {
    open: (element) => {
      const target = element.attribute("Target")?.replace(/^\/?(?:xl\/)?/, "xl/")
      if (element.name === "Relationship" && target !== undefined) targets.set(element.attribute("Id") ?? "", target)
    },
  })
  const names = new Map<string, { name: string; isHidden: boolean }>()
  walkXml(archive.text("xl/workbook.xml") ?? "<w/>", "xl/workbook.xml", {
    open: (element) => {
      const part = element.name === "sheet" ? targets.get(element.attribute("r:id") ?? "") : undefined
      const state = element.attribute("state") ?? "visible"
      if (part !== undefined) names.set(part, { name: element.attribute("name") ?? "", isHidden: state !== "visible" })
    },
  })
  return names
}

function readRows(xml: string, what: string, shared: readonly string[], onRow: (cells: string[]) => void): void {
  let cells: string[] = []
  let column = 0
  let type = ""
  let value = ""
  let inValue = false
  walkXml(xml, what, {
    open: (element) => {
      if (element.name === "row") [cells, column] = [[], -1]
      else if (element.name === "c") {
        column = columnOf(element.attribute("r")) ?? column + 1
        type = element.attribute("t") ?? "n"
        value = ""
      } else if (element.name === "v" || element.name === "t") inValue = true
    },
    text: (text) => (inValue ? void (value += text) : undefined),
    close: (name) => {
      if (name === "v" || name === "t") inValue = false
      else if (name === "c" && column < columnsMax) cells[column] = type === "s" ? (shared[Number(value)] ?? "") : boolean(type, value)
      else if (name === "row") onRow(Array.from(cells, (cell) => cell ?? ""))
    },
  })
}

function boolean(type: string, value: string): string {
  return type === "b" ? (value === "1" ? "true" : "false") : value
}

function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? "")?.[0]
  if (letters === undefined) return undefined
  return [...letters].reduce((total, letter) => total * 26 + letter.charCodeAt(0) - 64, 0) - 1
}
