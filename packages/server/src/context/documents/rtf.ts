// Rich text (RTF): paragraphs and rows of tables, headings by their outline level; pictures, tables of fonts and what is deleted or hidden are left out.
import { ExtractedText } from "./extracted.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

const depthMax = 256
/** Groups that are no text of the document; so is every group that begins with `\*`. */
const skipped = new Set(
  (
    "fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf listtable listoverridetable rsidtbl " +
    "revtbl filetbl themedata datastore xmlnstbl generator fldinst bkmkstart bkmkend annotation atnid atnauthor"
  ).split(" "),
)
const characters: Readonly<Record<string, string>> = {
  tab: "\t",
  line: "\n",
  lquote: "‘",
  rquote: "’",
  ldblquote: "“",
  rdblquote: "”",
  bullet: "•",
  endash: "–",
  emdash: "—",
  emspace: " ",
  enspace: " ",
}
const token = /\\(?:([a-z]{1,32})(-?\d{1,10})? ?|'([0-9a-f]{2})|([^a-z]))|([{}])|([^\\{}\r\n]+)|[\r\n]+/giy

export function isRtf(bytes: Uint8Array): boolean {
  return (
    Buffer.from(bytes.subarray(0, 6)).toString("latin1") === "{\\rtf1" || Buffer.from(bytes.subarray(0, 5)).toString("latin1") === "{\\rtf"
  )
}

export function parseRtf(bytes: Uint8Array, filename: string, limits: ParseLimits): ParsedDocument {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
  const reader = new RtfReader(new ExtractedText(limits), filename)
  token.lastIndex = 0
  while (token.lastIndex < source.length) {
    const found = token.exec(source)
    if (found === null) throw new DocumentError("invalid_file", `The file '${filename}' is broken RTF: it ends within a control word.`)
    const [, word, number, hex, symbol, brace, text] = found
    if (brace === "{") reader.open()
    else if (brace === "}") reader.close()
    else if (word === "bin") token.lastIndex += Math.max(0, Number(number ?? "0"))
    else if (word !== undefined) reader.word(word.toLowerCase(), number === undefined ? undefined : Number(number))
    else if (hex !== undefined) reader.byte(Number.parseInt(hex, 16))
    else if (symbol !== undefined) reader.symbol(symbol)
    else if (text !== undefined) reader.text(text)
  }
  return reader.finished()
}

interface Group {
  isSkipped: boolean
  isHidden: boolean
  /** Characters after `\u` that stand for it where a reader knows no Unicode. */
  fallback: number
  isNew: boolean
}

class RtfReader {
  readonly #out: ExtractedText
  readonly #filename: string
  #group: Group = { isSkipped: false, isHidden: false, fallback: 1, isNew: false }
  readonly #groups: Group[] = []
  #decoder = new TextDecoder("windows-1252")
  /** Bytes of the code page that were not decoded yet: a character may have two. */
  #bytes: number[] = []
  #paragraph = ""
  #depth: number | undefined
  #cells: string[] = []
  #toSkip = 0

  constructor(out: ExtractedText, filename: string) {
    this.#out = out
    this.#filename = filename
  }

  open(): void {
    this.#flush()
    if (this.#groups.length >= depthMax)
      throw new DocumentError("invalid_file", `The file '${this.#filename}' is RTF nested deeper than ${depthMax} groups.`)
    this.#groups.push(this.#group)
    this.#group = { ...this.#group, isNew: true }
    this.#toSkip = 0
  }

  close(): void {
    this.#flush()
    this.#group = this.#groups.pop() ?? this.#group
    this.#toSkip = 0
  }

  word(word: string, number: number | undefined): void {
    if (word === "u") return this.#unicode(number ?? 0)
    this.#flush()
    const isFirst = this.#group.isNew
    this.#group.isNew = false
    if (isFirst && skipped.has(word)) this.#group.isSkipped = true
    else if (word === "v") this.#group.isHidden = number !== 0
    else if (word === "deleted") this.#group.isHidden = number !== 0
    else if (word === "plain") this.#group.isHidden = false
    else if (word === "uc") this.#group.fallback = Math.min(8, Math.max(0, number ?? 1))
    else if (word === "ansicpg") this.#codePage(number ?? 1252)
    else if (word === "par" || word === "page" || word === "sect") this.#endParagraph()
    else if (word === "pard") this.#depth = undefined
    else if (word === "outlinelevel") this.#depth = (number ?? 0) + 1
    else if (word === "cell") this.#endCell()
    else if (word === "row") this.#endRow()
    else if (Object.hasOwn(characters, word)) this.#say(characters[word] ?? "")
  }

  symbol(symbol: string): void {
    this.#flush()
    if (symbol === "*") this.#group.isSkipped = true
    else if (symbol === "~") this.#say(" ")
    else if (symbol === "_") this.#say("-")
    else if (symbol === "\\" || symbol === "{" || symbol === "}") this.#say(symbol)
    else if (symbol === "\n" || symbol === "\r") this.#endParagraph()
    this.#group.isNew = false
  }

  byte(value: number): void {
    this.#group.isNew = false
    if (this.#toSkip > 0) this.#toSkip -= 1
    else if (!this.#group.isSkipped && !this.#group.isHidden) this.#bytes.push(value)
  }

  text(text: string): void {
    this.#group.isNew = false
    const skip = Math.min(this.#toSkip, text.length)
    this.#toSkip -= skip
    for (let at = skip; at < text.length; at++) if (!this.#group.isSkipped && !this.#group.isHidden) this.#bytes.push(text.charCodeAt(at))
  }

  finished(): ParsedDocument {
    this.#flush()
    this.#endParagraph()
    return this.#out.finished("application/rtf")
  }

  #unicode(number: number): void {
    this.#flush()
    this.#group.isNew = false
    this.#say(String.fromCharCode(number < 0 ? number + 0x1_00_00 : number))
    this.#toSkip = this.#group.fallback
  }

  #codePage(number: number): void {
    const label =
      { 932: "shift_jis", 936: "gbk", 949: "euc-kr", 950: "big5", 10_000: "macintosh", 65_001: "utf-8" }[number] ?? `windows-${number}`
    try {
      this.#decoder = new TextDecoder(label)
    } catch {
      throw new DocumentError(
        "unsupported_file",
        `The file '${this.#filename}' is RTF in the code page ${number}, which is not read. Save it as DOCX.`,
      )
    }
  }

  #flush(): void {
    if (this.#bytes.length === 0) return
    const text = this.#decoder.decode(Uint8Array.from(this.#bytes))
    this.#bytes = []
    this.#say(text)
  }

  #say(text: string): void {
    if (!this.#group.isSkipped && !this.#group.isHidden) this.#paragraph += text
  }

  #endParagraph(): void {
    if (this.#group.isSkipped) return
    const said = this.#paragraph.trim()
    this.#paragraph = ""
    if (said === "") return
    if (this.#depth !== undefined && this.#depth <= 9) this.#out.heading(this.#depth, said)
    else this.#out.block(said)
  }

  #endCell(): void {
    this.#cells.push(this.#paragraph.replaceAll(/\s+/g, " ").trim())
    this.#paragraph = ""
  }

  #endRow(): void {
    const line = this.#cells.join(" | ")
    this.#cells = []
    if (line.replaceAll("|", "").trim() !== "") this.#out.block(line, { kind: "lines", isTight: true })
  }
}
