// PDF: the text of each page in lines and paragraphs, larger type as headings; what repeats at the edges of pages is left out.
import { getDocumentProxy } from "unpdf"
import { messageOf } from "../../core/index.ts"
import { ExtractedText } from "./extracted.ts"
import { ocrCommand, openPictureReader, type LookFrom } from "./ocr.ts"
import { picturesOf } from "./pdf-pictures.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

interface Line {
  text: string
  page: number
  /** Of its type, in points; 0 where nobody knows. */
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

/** `from` is for tests: where what recognises the text of scans is looked for. */
export async function parsePdf(bytes: Uint8Array, filename: string, limits: ParseLimits, from?: LookFrom): Promise<ParsedDocument> {
  const lines = await linesOf(bytes, filename, limits, from)
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

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>

async function linesOf(
  bytes: Uint8Array,
  filename: string,
  { pagesMax, charactersMax }: ParseLimits,
  from: LookFrom | undefined,
): Promise<Line[]> {
  const options = { verbosity: 0, isEvalSupported: false, disableFontFace: true, useSystemFonts: false }
  const document = await getDocumentProxy(Uint8Array.from(bytes), options).catch((error: unknown) => {
    throw refusal(error, filename)
  })
  if (document.numPages > pagesMax)
    throw new DocumentError("invalid_file", `The file '${filename}' has ${document.numPages} pages; filePagesMax is ${pagesMax}. Split it.`)
  const lines: Line[] = []
  const withoutText: number[] = []
  let characters = 0
  for (let number = 1; number <= document.numPages; number++) {
    try {
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      const own = pageLines(items as readonly PdfItem[], number) // marked content has no text and is skipped there
      characters += own.reduce((total, line) => total + line.text.length, 0)
      if (own.length === 0) withoutText.push(number)
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
  const recognised = await recognisedLines(document, filename, withoutText, from)
  // A picture's type has no size: it is no heading, and none of what is typed is one beside it.
  const size = bodySize(charactersBySize(lines))
  if (lines.length === 0 && (recognised ?? []).length === 0) throw withoutAnyText(document, filename, recognised !== undefined)
  return [...lines, ...(recognised ?? []).map((line) => ({ ...line, size }))].sort((a, b) => a.page - b.page) // stable: lines of one page stay in order
}

/** Of pages that are only pictures; undefined where nothing is installed that recognises text. */
async function recognisedLines(
  document: PdfDocument,
  filename: string,
  pages: readonly number[],
  from: LookFrom | undefined,
): Promise<Line[] | undefined> {
  if (pages.length === 0) return []
  try {
    await using reader = await openPictureReader(from)
    if (reader === undefined) return undefined
    const lines: Line[] = []
    for (const number of pages) {
      const page = await document.getPage(number)
      for (const picture of await picturesOf(page)) {
        for (const text of await reader.paragraphs(picture)) lines.push({ text, page: number, size: 0, gap: Infinity, isEdge: false })
      }
      page.cleanup()
    }
    return lines
  } catch (error) {
    throw new DocumentError(
      "invalid_file",
      `The text of a scanned page of '${filename}' cannot be recognised: ${messageOf(error).slice(0, 200)}.`,
    )
  }
}

function withoutAnyText(document: PdfDocument, filename: string, wasRecognised: boolean): DocumentError {
  const pages = document.numPages === 1 ? "Its page is a picture" : `Its ${document.numPages} pages are pictures`
  const next = wasRecognised
    ? "no text was recognised in them"
    : `recognise the text of a scan first (OCR), or install in the application's folder: ${ocrCommand}`
  return new DocumentError("invalid_file", `The file '${filename}' has no text. ${pages}, or empty: ${next}.`)
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

const rounded = ({ size }: Line): number => Math.round(size * 2) / 2

function charactersBySize(lines: readonly Line[]): Map<number, number> {
  const characters = new Map<number, number>()
  for (const line of lines) characters.set(rounded(line), (characters.get(rounded(line)) ?? 0) + line.text.length)
  return characters
}

/** Of most of the text; 0 where there is none. */
function bodySize(characters: ReadonlyMap<number, number>): number {
  return [...characters].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, -1])[0]
}

/** Tells headings by their type: the sizes above that of most characters, the largest first. */
function headingDepths(lines: readonly Line[]): (paragraph: readonly Line[]) => number | undefined {
  const characters = charactersBySize(lines)
  const body = bodySize(characters)
  const sizes = [...characters.keys()].filter((size) => size > 0 && size >= body * headingScale).toSorted((a, b) => b - a)
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
