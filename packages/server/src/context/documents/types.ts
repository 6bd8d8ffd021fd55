// The words of documents: what a parser makes of a file, and what a chunker makes of that.

/** A paragraph, list item, table, code block. Offsets count UTF-16 units. */
export interface Block {
  /** Place in the document's text. */
  start: number
  end: number
  /** Place in the decoded file; the same as above unless the text was extracted. */
  span: Span
  /** Titles of the sections around it, outermost first. */
  heading: readonly string[]
  /** Where a long block may be cut: prose at sentences, lines at line ends. */
  kind: "prose" | "lines"
  /** Something was left out before it, so that no chunk may reach across. */
  breakBefore: boolean
  /** The page, slide or sheet that it begins on, from 1, where the file has such. */
  page?: number
}

export interface Span {
  start: number
  end: number
}

export interface ParsedDocument {
  mediaType: string
  text: string
  blocks: Block[]
}

export interface DocumentChunk {
  heading: readonly string[]
  text: string
  span: Span
  /** First and last page. */
  pages: readonly [number, number] | null
  tokens: number
}

export interface ChunkOptions {
  tokensMax: number
  overlapTokens: number
  chunksMax: number
}

/** What may be made of one file: more is a bomb, or belongs into several files. */
export interface ParseLimits {
  /** Pages, slides, sheets, chapters. */
  pagesMax: number
  /** Characters of text. */
  charactersMax: number
  /** Bytes that an archive's entries have once they are unpacked. */
  unpackedBytesMax: number
}

/** A file as it goes into an index. */
export interface ReadDocument {
  mediaType: string
  characters: number
  chunks: DocumentChunk[]
}

/** Why a file cannot be ingested, in the words of the wire. */
export interface DocumentFailure {
  code: "unsupported_file" | "invalid_file"
  message: string
}

/** Thrown by parsers for what is wrong with the file itself. */
export class DocumentError extends Error {
  override readonly name = "DocumentError"
  readonly code: DocumentFailure["code"]

  constructor(code: DocumentFailure["code"], message: string) {
    super(message)
    this.code = code
  }
}
