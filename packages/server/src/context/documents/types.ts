// The words of documents: what a parser makes of a file, and what a chunker makes of that.

/** A paragraph, list item, table, code block. Offsets count UTF-16 units. */
export interface Block {
  /** Place in the document's text. */
  start: number
  end: number
  /** Place in the decoded file; the same as above unless the text was extracted. */
  span: { start: number; end: number }
  /** Titles of the sections around it, outermost first. */
  heading: readonly string[]
  /** Where a long block may be cut: prose at sentences, lines at line ends. */
  kind: "prose" | "lines"
  /** Something was left out before it, so that no chunk may reach across. */
  breakBefore: boolean
}

export interface ParsedDocument {
  mediaType: string
  text: string
  blocks: Block[]
}

export interface DocumentChunk {
  heading: readonly string[]
  text: string
  span: { start: number; end: number }
  tokens: number
}

/** What one chunk is found by: how often each term occurs in it and its headings, and how many terms that makes. */
export interface ChunkWords {
  terms: Map<string, number>
  length: number
}

export interface ChunkedDocument {
  chunks: DocumentChunk[]
  /** By the position of the chunk. */
  words: ChunkWords[]
  /** Terms in all chunks. */
  terms: number
}

export interface ChunkOptions {
  tokensMax: number
  overlapTokens: number
  chunksMax: number
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
