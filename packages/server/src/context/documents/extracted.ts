// Text that is taken out of a file whose bytes are no text: blocks under headings, with pages; bounded while it grows.
import { DocumentError, type Block, type ParsedDocument } from "./types.ts"

export class ExtractedText {
  readonly #charactersMax: number
  #text = ""
  readonly #blocks: Block[] = []
  readonly #open: { depth: number; title: string; page: number | undefined; used: boolean }[] = []
  #page: number | undefined
  #breakBefore = false

  constructor({ charactersMax }: { charactersMax: number }) {
    this.#charactersMax = charactersMax
  }

  /** The page, slide or sheet of what follows. */
  page(page: number): void {
    this.#page = page
  }

  /** A heading of that depth, 1 the highest; it closes those of the same depth and deeper. */
  heading(depth: number, title: string): void {
    this.#closeTo(depth)
    const clean = cleanText(title).replace(/\s+/g, " ").trim()
    if (clean !== "") this.#open.push({ depth, title: clean, page: this.#page, used: false })
  }

  /** `isTight`: it follows the block before without an empty line, as items and rows do. */
  block(body: string, { kind = "prose", isTight = false }: { kind?: Block["kind"]; isTight?: boolean } = {}): void {
    this.#push(cleanText(body).trim(), kind, isTight, this.#page)
  }

  /** Something is left out here: no chunk reaches across. */
  leaveOut(): void {
    this.#breakBefore ||= this.#blocks.length > 0
  }

  finished(mediaType: string): ParsedDocument {
    this.#closeTo(0)
    return { mediaType, text: this.#text, blocks: this.#blocks }
  }

  /** Closes sections of that depth and deeper; one that stayed empty becomes a block, or its title would be lost. */
  #closeTo(depth: number): void {
    for (let last = this.#open.at(-1); last !== undefined && last.depth >= depth; last = this.#open.at(-1)) {
      this.#open.pop()
      if (!last.used) this.#push(last.title, "prose", false, last.page)
    }
  }

  #push(body: string, kind: Block["kind"], isTight: boolean, page: number | undefined): void {
    if (body === "") return
    if (this.#text !== "") this.#text += isTight ? "\n" : "\n\n"
    const start = this.#text.length
    this.#text += body
    if (this.#text.length > this.#charactersMax) {
      throw new DocumentError(
        "invalid_file",
        `The file has more than ${this.#charactersMax} characters of text (fileCharactersMax). Split it.`,
      )
    }
    for (const section of this.#open) section.used = true
    const heading = this.#open.map((section) => section.title)
    const place = { start, end: this.#text.length }
    this.#blocks.push({
      ...place,
      span: place,
      heading,
      kind,
      breakBefore: this.#breakBefore,
      ...(page === undefined ? {} : { page }),
    })
    this.#breakBefore = false
  }
}

/** Without what no database keeps and no reader sees. */
function cleanText(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are the characters meant
  return text.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, "")
}
