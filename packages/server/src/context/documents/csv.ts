// Comma-separated values: each row a block with the names of its columns, whose span is the row in the file.
import { rowText, TableRows } from "./rows.ts"
import { DocumentError, type Block, type ParsedDocument, type ParseLimits } from "./types.ts"

const delimiters = [",", ";", "\t", "|"] as const
/** Characters from the beginning by which the delimiter is told. */
const probeCharacters = 64 * 1024
const cellsMax = 1_024

interface CsvRow {
  cells: string[]
  start: number
  end: number
}

export function parseCsv(source: string, filename: string, { charactersMax }: ParseLimits): ParsedDocument {
  const delimiter = delimiterOf(source.slice(0, probeCharacters), /\.tsv$/i.test(filename))
  const rows = new TableRows()
  const blocks: Block[] = []
  const pieces: string[] = []
  let length = 0
  const push = (body: string, span: Block["span"]): void => {
    const start = length === 0 ? 0 : length + 1
    pieces.push(body)
    length = start + body.length
    // Each value repeats the name of its column, so the text may outgrow the file by far.
    if (length > charactersMax)
      throw new DocumentError(
        "invalid_file",
        `The rows with the names of their columns have more than ${charactersMax} characters. Split the file.`,
      )
    blocks.push({ start, end: length, span, heading: [], kind: "lines", breakBefore: false })
  }
  let header = { start: 0, end: 0 }
  for (const { cells, start, end } of rowsOf(source, delimiter)) {
    const named = rows.named(cells)
    if (named !== undefined) push(rowText(named), { start, end })
    else if (blocks.length === 0 && header.end === 0) header = { start, end }
  }
  const alone = rows.headerAlone()
  if (alone !== undefined) push(alone, header)
  return { mediaType: "text/csv", text: pieces.join("\n"), blocks }
}

/** The one that gives the first lines the most cells, of those that give them all the same number. */
function delimiterOf(probe: string, isTsv: boolean): string {
  if (isTsv) return "\t"
  const lines = probe
    .split(/\r?\n/)
    .slice(0, 20)
    .filter((line) => line.trim() !== "")
  const score = (delimiter: string): number => {
    const counts = lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, "").split(delimiter).length)
    const [first = 1] = counts
    return counts.filter((count) => count === first).length * (first - 1)
  }
  return delimiters.reduce((best, delimiter) => (score(delimiter) > score(best) ? delimiter : best), delimiters[0])
}

function* rowsOf(source: string, delimiter: string): Generator<CsvRow> {
  let at = 0
  let line = 1
  while (at < source.length) {
    const start = at
    const firstLine = line
    const cells: string[] = []
    for (let more = true; more;) {
      if (cells.length >= cellsMax) throw new DocumentError("invalid_file", `Line ${firstLine} has more than ${cellsMax} cells.`)
      const cell = cellAt(source, at, delimiter, firstLine)
      cells.push(cell.value)
      line += cell.lines
      at = cell.end
      more = source.startsWith(delimiter, at)
      if (more) at += delimiter.length
    }
    const end = at
    if (source.startsWith("\r\n", at)) at += 2
    else if (at < source.length) at += 1
    line += 1
    yield { cells, start, end }
  }
}

function cellAt(source: string, at: number, delimiter: string, line: number): { value: string; end: number; lines: number } {
  if (source.charAt(at) !== '"') {
    let end = at
    while (end < source.length && source.charAt(end) !== "\n" && source.charAt(end) !== "\r" && !source.startsWith(delimiter, end)) end++
    return { value: source.slice(at, end), end, lines: 0 }
  }
  let close = at + 1
  for (;;) {
    close = source.indexOf('"', close)
    if (close === -1) throw new DocumentError("invalid_file", `The row at line ${line} opens a quote that is never closed.`)
    if (source.charAt(close + 1) !== '"') break
    close += 2
  }
  const value = source.slice(at + 1, close).replaceAll('""', '"')
  // What follows a closing quote belongs to the cell, as spreadsheets read it.
  const rest = cellAt(source, close + 1, delimiter, line)
  return { value: value + rest.value, end: rest.end, lines: value.split("\n").length - 1 }
}
