// PDF: the text of each page in lines and paragraphs, larger type as headings; what repeats at the edges of pages is left out.
import { getDocumentProxy } from "unpdf"
import { messageOf } from "../../core/index.ts"
import { ExtractedText } from "./extracted.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

interface Line {
  text: string
  page: number
  /** Of its type, in points. */
  size: number
  /** Distance to the line above, in points; infinite for the first of a page. */
  gap: number
  /** It is the first or last of its page. */
  isEdge: boolean
}

/** Type that much larger than most of the text is a heading, if it is short. */
const headingScale = 1.15
const headingCharactersMax = 200
const headingDepthMax = 4
/** A gap of so many heights of the type begins a paragraph. */
const paragraphGap = 1.7
/** What stands on that share of the pages, of at least so many, is no text but a running title. */
const runningShare = 0.5
const runningPagesMin = 4

export async function parsePdf(bytes: Uint8Array, filename: string, limits: ParseLimits): Promise<ParsedDocument> {
  const lines = await linesOf(bytes, filename, limits)
  const running = runningTitles(lines)
  const kept = lines.filter((line) => !line.isEdge || !running.has(shape(line.text)))
  const text = new ExtractedText(limits)
  const depthOf = headingDepths(kept)
  let paragraph: Line[] = []
  const flush = (): void => {
    const [first] = paragraph
    if (first !== undefined) {
      text.page(first.page)
      const depth = depthOf(paragraph)
      if (depth === undefined) text.block(joined(paragraph))
      else text.heading(depth, joined(paragraph))
    }
    paragraph = []
  }
  for (const line of kept) {
    const last = paragraph.at(-1)
    if (last !== undefined && (line.gap > paragraphGap * Math.max(line.size, last.size) || Math.abs(line.size - last.size) > 0.5)) flush()
    paragraph.push(line)
  }
  flush()
  return text.finished("application/pdf")
}

async function linesOf(bytes: Uint8Array, filename: string, { pagesMax, charactersMax }: ParseLimits): Promise<Line[]> {
  const options = { verbosity: 0, isEvalSupported: false, disableFontFace: true, useSystemFonts: false }
  const document = await getDocumentProxy(Uint8Array.from(bytes), options).catch((error: unknown) => {
    throw refusal(error, filename)
  })
  if (document.numPages > pagesMax)
    throw new DocumentError("invalid_file", `The file '${filename}' has ${document.numPages} pages; filePagesMax is ${pagesMax}. Split it.`)
  const lines: Line[] = []
  let characters = 0
  for (let number = 1; number <= document.numPages; number++) {
    try {
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      const own = pageLines(items as readonly PdfItem[], number) // marked content has no text and is skipped there
      characters += own.reduce((total, line) => total + line.text.length, 0)
      lines.push(...own)
      page.cleanup()
    } catch (error) {
      throw new DocumentError("invalid_file", `Page ${number} of '${filename}' cannot be read: ${messageOf(error).slice(0, 200)}.`)
    }
    if (characters > charactersMax)
      throw new DocumentError(
        "invalid_file",
        `Up to page ${number}, '${filename}' has more than ${charactersMax} characters (fileCharactersMax).`,
      )
  }
  if (lines.length === 0) {
    const pages = document.numPages === 1 ? "Its page is a picture" : `Its ${document.numPages} pages are pictures`
    throw new DocumentError(
      "invalid_file",
      `The file '${filename}' has no text. ${pages}, or empty: recognise the text of a scan first (OCR).`,
    )
  }
  return lines
}

function refusal(error: unknown, filename: string): DocumentError {
  if (error instanceof Error && error.name === "PasswordException")
    return new DocumentError("invalid_file", `The file '${filename}' is protected by a password. Upload it without.`)
  return new DocumentError("invalid_file", `The file '${filename}' is a broken PDF: ${messageOf(error).slice(0, 200)}`)
}

interface PdfItem {
  str?: string
  height?: number
  hasEOL?: boolean
  transform?: readonly number[]
}

function pageLines(items: readonly PdfItem[], page: number): Line[] {
  const lines: Line[] = []
  let text = ""
  let size = 0
  let y = 0
  let lastY = Number.NaN
  const flush = (): void => {
    const clean = text.replace(/\s+/g, " ").trim()
    if (clean !== "") {
      lines.push({ text: clean, page, size, gap: Number.isNaN(lastY) ? Infinity : Math.abs(lastY - y), isEdge: false })
      lastY = y
    }
    text = ""
    size = 0
  }
  for (const { str, height = 0, hasEOL, transform } of items) {
    if (str === undefined) continue
    if (str.trim() !== "") {
      if (text === "") y = transform?.[5] ?? 0
      size = Math.max(size, height)
    }
    text += str
    if (hasEOL === true) flush()
  }
  flush()
  const [first] = lines
  const last = lines.at(-1)
  if (first !== undefined) first.isEdge = true
  if (last !== undefined) last.isEdge = true
  return lines
}

function runningTitles(lines: readonly Line[]): ReadonlySet<string> {
  const pages = new Map<string, Set<number>>()
  for (const { text, page, isEdge } of lines) if (isEdge) pages.set(shape(text), (pages.get(shape(text)) ?? new Set()).add(page))
  const count = lines.at(-1)?.page ?? 0
  const repeated = [...pages].filter(([, on]) => count >= runningPagesMin && on.size > count * runningShare)
  return new Set(repeated.map(([text]) => text))
}

/** The same for "Page 3" and "Page 12". */
function shape(text: string): string {
  return text.replace(/\d+/g, "#")
}

/** Tells headings by their type: the sizes above that of most characters, the largest first. */
function headingDepths(lines: readonly Line[]): (paragraph: readonly Line[]) => number | undefined {
  const characters = new Map<number, number>()
  const rounded = ({ size }: Line): number => Math.round(size * 2) / 2
  for (const line of lines) characters.set(rounded(line), (characters.get(rounded(line)) ?? 0) + line.text.length)
  const [body] = [...characters].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, -1])
  const sizes = [...characters.keys()].filter((size) => size >= body * headingScale).toSorted((a, b) => b - a)
  return (paragraph) => {
    const length = paragraph.reduce((total, line) => total + line.text.length, 0)
    const place = paragraph[0] === undefined ? -1 : sizes.indexOf(rounded(paragraph[0]))
    return place === -1 || length > headingCharactersMax ? undefined : Math.min(place + 1, headingDepthMax)
  }
}

/** Lines of one paragraph as one text: words that were divided at a line's end are put together again. */
function joined(lines: readonly Line[]): string {
  return lines.reduce((text, line) => {
    if (text === "") return line.text
    if (/\p{L}-$/u.test(text) && /^\p{Ll}/u.test(line.text)) return text.slice(0, -1) + line.text
    return isUnspaced(text.at(-1)) && isUnspaced(line.text.at(0)) ? text + line.text : `${text} ${line.text}`
  }, "")
}

function isUnspaced(character: string | undefined): boolean {
  return character !== undefined && /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u.test(character)
}
