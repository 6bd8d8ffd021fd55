// Cuts a document into chunks: never across sections, at block ends where it can, else between sentences, with the last sentences repeated.
import { estimateTokens } from "./tokens.ts"
import { DocumentError, type Block, type ChunkOptions, type DocumentChunk, type ParsedDocument } from "./types.ts"

/** A stretch of text that is not cut: a sentence, a line, or a piece of one that is too long. */
interface Unit {
  start: number
  end: number
  tokens: number
  block: Block
}

const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" })
/** Characters handed to the segmenter at once; its cost grows faster than its input. */
const segmentCharactersMax = 20_000

export function chunkDocument(document: ParsedDocument, options: ChunkOptions): DocumentChunk[] {
  const chunks: DocumentChunk[] = []
  for (const section of sectionsOf(document.blocks)) {
    for (const units of packed(document.text, section, options)) {
      if (chunks.length >= options.chunksMax) {
        throw new DocumentError("invalid_file", `The file gives more than ${options.chunksMax} chunks. Split it, or choose larger chunks.`)
      }
      chunks.push(chunkOf(document.text, units))
    }
  }
  return chunks
}

/** The text that is indexed and embedded for a chunk: the titles around it say what it is about. */
export function indexText(chunk: { heading: readonly string[]; text: string }): string {
  return chunk.heading.length === 0 ? chunk.text : `${chunk.heading.join(" › ")}\n${chunk.text}`
}

/** The texts to embed for a chunk: one, or several when it outgrows the window of the model. */
export function embeddingTexts(chunk: { heading: readonly string[]; text: string }, windowTokens: number): string[] {
  const heading = chunk.heading.join(" › ")
  const room = Math.max(windowTokens - estimateTokens(heading), Math.floor(windowTokens / 2))
  const tokens = estimateTokens(chunk.text)
  if (tokens <= room) return [indexText(chunk)]
  return cut(chunk.text, 0, chunk.text.length, tokens, room).map(({ start, end }) =>
    indexText({ ...chunk, text: chunk.text.slice(start, end) }),
  )
}

function sectionsOf(blocks: readonly Block[]): Block[][] {
  const sections: Block[][] = []
  let key: string | undefined
  for (const block of blocks) {
    const next = block.heading.join("\n")
    if (key === undefined || next !== key || block.breakBefore) sections.push([])
    sections.at(-1)?.push(block)
    key = next
  }
  return sections
}

/** Greedy: fills a chunk unit by unit; starts a new one before a block that would fit whole in the next, once this one is half full. */
function packed(text: string, section: readonly Block[], { tokensMax, overlapTokens }: ChunkOptions): Unit[][] {
  const result: Unit[][] = []
  let current: Unit[] = []
  let tokens = 0
  let fresh = 0
  const flush = (): void => {
    if (fresh > 0) result.push(current)
    current = overlapOf(current, overlapTokens)
    tokens = sum(current)
    fresh = 0
  }
  for (const block of section) {
    const units = unitsOf(text, block, tokensMax)
    const whole = sum(units)
    if (fresh > 0 && tokens + whole > tokensMax && whole <= tokensMax && tokens >= tokensMax / 2) flush()
    for (const unit of units) {
      if (fresh > 0 && tokens + unit.tokens > tokensMax) flush()
      // What is repeated gives way to what is new.
      if (fresh === 0) tokens -= dropUntil(current, unit.tokens, tokensMax)
      current.push(unit)
      tokens += unit.tokens
      fresh += 1
    }
  }
  flush()
  return result
}

function overlapOf(units: readonly Unit[], overlapTokens: number): Unit[] {
  let tokens = 0
  let from = units.length
  // Never the whole chunk again, or nothing would move on.
  while (from > 1 && tokens + (units[from - 1]?.tokens ?? 0) <= overlapTokens) tokens += units[--from]?.tokens ?? 0
  return units.slice(from)
}

/** Drops units from the front until `tokens` more fit; the tokens that went. */
function dropUntil(units: Unit[], tokens: number, tokensMax: number): number {
  let dropped = 0
  for (let total = sum(units); units.length > 0 && total - dropped + tokens > tokensMax;) dropped += units.shift()?.tokens ?? 0
  return dropped
}

function unitsOf(text: string, block: Block, tokensMax: number): Unit[] {
  const units: Unit[] = []
  for (const { start, end } of block.kind === "prose" ? sentencesOf(text, block) : linesOf(text, block)) {
    const tokens = estimateTokens(text.slice(start, end))
    if (tokens <= tokensMax) units.push({ start, end, tokens, block })
    else units.push(...cut(text, start, end, tokens, tokensMax).map((piece) => ({ ...piece, block })))
  }
  return units
}

function* sentencesOf(text: string, block: Block): Generator<{ start: number; end: number }> {
  for (let from = block.start; from < block.end;) {
    const to = windowEnd(text, from, block.end)
    for (const segment of sentences.segment(text.slice(from, to))) {
      yield { start: from + segment.index, end: from + segment.index + segment.segment.length }
    }
    from = to
  }
}

/** End of the next window for the segmenter: at a blank where there is one. */
function windowEnd(text: string, from: number, end: number): number {
  if (end - from <= segmentCharactersMax) return end
  const space = text.lastIndexOf(" ", from + segmentCharactersMax)
  return space > from + segmentCharactersMax / 2 ? space + 1 : beforeSurrogate(text, from + segmentCharactersMax)
}

function* linesOf(text: string, block: Block): Generator<{ start: number; end: number }> {
  for (let from = block.start; from < block.end;) {
    const newline = text.indexOf("\n", from)
    const to = newline === -1 || newline >= block.end ? block.end : newline + 1
    yield { start: from, end: to }
    from = to
  }
}

/** Cuts what has no place to cut: at blanks where there are some, never inside a character. */
function cut(text: string, start: number, end: number, tokens: number, tokensMax: number): Omit<Unit, "block">[] {
  const pieces: Omit<Unit, "block">[] = []
  const charactersPerToken = (end - start) / tokens
  for (let from = start; from < end;) {
    let length = Math.max(1, Math.floor(charactersPerToken * tokensMax))
    let to = cutAt(text, from, Math.min(from + length, end), end)
    while (estimateTokens(text.slice(from, to)) > tokensMax && length > 2) {
      length = Math.floor(length * 0.8)
      to = cutAt(text, from, Math.min(from + length, end), end)
    }
    pieces.push({ start: from, end: to, tokens: estimateTokens(text.slice(from, to)) })
    from = to
  }
  return pieces
}

function cutAt(text: string, from: number, to: number, end: number): number {
  if (to >= end) return end
  const space = text.lastIndexOf(" ", to)
  if (space > from + (to - from) / 2) return space + 1
  const safe = beforeSurrogate(text, to)
  return safe > from ? safe : Math.min(to + 1, end)
}

function beforeSurrogate(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at
}

function chunkOf(text: string, units: readonly Unit[]): DocumentChunk {
  const first = units[0]
  const last = units.at(-1)
  if (first === undefined || last === undefined) throw new Error("a chunk has at least one unit")
  return {
    heading: first.block.heading,
    text: text.slice(first.start, last.end),
    span: { start: sourceOf(first, first.start), end: sourceOf(last, last.end) },
    pages: pagesOf(first.block.page, last.block.page),
    tokens: sum(units),
  }
}

/** Place in the file: exact where the text is the file, else the edge of the block. */
function sourceOf({ block, start }: Unit, at: number): number {
  if (block.span.start === block.start && block.span.end === block.end) return at
  return at === start ? block.span.start : block.span.end
}

function sum(units: readonly Unit[]): number {
  return units.reduce((total, unit) => total + unit.tokens, 0)
}

function pagesOf(first: number | undefined, last: number | undefined): DocumentChunk["pages"] {
  return first === undefined || last === undefined ? null : [first, last]
}
