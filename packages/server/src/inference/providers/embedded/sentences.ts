// Splits a text into sentences that occur in it verbatim: Markdown aware, with their places and the heading above them.

export interface Sentence {
  /** Exactly as it stands in the text. */
  text: string
  start: number
  end: number
  /** The nearest heading above, empty when there is none: context for scoring, never quoted. */
  heading: string
  /** A table row or a line of code: quotable, but it reads worse than a sentence. */
  isRow: boolean
}

/** Longer ones are split at white space, so that a text without full stops can still be quoted. */
export const sentenceCharsMax = 600

/** The first sentences in reading order. Headings, code fences and rules are none. */
export function sentencesOf(text: string, sentencesMax = 4_000): Sentence[] {
  const sentences: Sentence[] = []
  for (const block of blocksOf(text)) {
    if (sentences.length >= sentencesMax) break
    const inside = text.slice(block.start, block.end)
    for (const span of block.isRow ? [{ start: 0, end: inside.length }] : spansOf(inside, sentencesMax)) {
      for (const { start, end } of bounded(inside, span)) {
        const piece = trimmed(text, block.start + start, block.start + end)
        if (/[\p{L}\p{N}]/u.test(piece.text)) sentences.push({ ...piece, heading: block.heading, isRow: block.isRow })
      }
    }
  }
  return sentences.slice(0, sentencesMax)
}

interface Block {
  start: number
  end: number
  heading: string
  /** A table row or a line of code: one unit, whatever full stops it holds. */
  isRow: boolean
}

/** Paragraphs, list items and table rows. A line continues a paragraph or an item unless it begins something itself. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let heading = ""
  let fenced = beginsFenced(text)
  let open: Block | undefined
  for (const { line, start } of linesOf(text)) {
    if (/^\s*(```|~~~)/.test(line)) {
      fenced = !fenced
      open = undefined
    } else if (fenced) {
      if (line.trim() !== "") blocks.push({ start, end: start + line.length, heading, isRow: true })
    } else if (/^\s{0,3}#{1,6}\s/.test(line)) {
      heading = line.replace(/^\s*#+\s*/, "").replace(/\s*#*\s*$/, "")
      open = undefined
    } else if (line.trim() === "" || /^\s*([-*_=]\s*){3,}$/.test(line) || /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(line)) {
      open = undefined
    } else if (/^\s*\|.*\|\s*$|\S {3,}\S|[\u2500-\u257f]/.test(line)) {
      blocks.push({ start, end: start + line.length, heading, isRow: true })
      open = undefined
    } else {
      const marker = /^\s*(?:[-*+•]|\d{1,3}[.)]|>)\s+/.exec(line)?.[0].length ?? 0
      if (!open || marker > 0) blocks.push((open = { start: start + marker, end: start + line.length, heading, isRow: false }))
      else open.end = start + line.length
    }
  }
  return blocks
}

/** Whether the text was cut out of a longer one within a code block: the first of an odd number of fences closes what began before. */
function beginsFenced(text: string): boolean {
  let fences = 0
  let isFirstClosing = false
  let before = ""
  for (const { line } of linesOf(text)) {
    // What opens a block names a language or stands after an empty line.
    if (/^\s*(```|~~~)/.test(line) && ++fences === 1) isFirstClosing = /^\s*[`~]+\s*$/.test(line) && before.trim() !== ""
    before = line
  }
  return fences % 2 === 1 && isFirstClosing
}

function* linesOf(text: string): Generator<{ line: string; start: number }> {
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf("\n", start)
    const end = newline < 0 ? text.length : newline
    yield { line: text.slice(start, end).replace(/\r$/, ""), start }
    start = end + 1
  }
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" })
const abbreviation =
  /(?:^|[\s(“"])(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|Sr|Jr|No|Nos|Inc|Ltd|Co|Corp|vs|etc|e\.g|i\.e|cf|approx|Fig|Eq|Sec|Vol|pp?|U\.S|U\.K|a\.m|p\.m|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.\s*$/u

/** Unicode sentence boundaries, except after abbreviations and where the "sentence" before was only a line wrap. */
function spansOf(text: string, spansMax: number): { start: number; end: number }[] {
  // Most lines of lists hold one; the segmenter costs more than all the rest.
  if (!/[.!?…。！？\n\u2028\u2029]./su.test(text)) return [{ start: 0, end: text.length }]
  const spans: { start: number; end: number }[] = []
  for (const { segment, index } of segmenter.segment(text)) {
    if (spans.length > spansMax) break
    const last = spans.at(-1)
    const closers = last ? (/^(?:\*\*|__|[*_"”’)\]])+(?=\s|$)/u.exec(segment)?.[0].length ?? 0) : 0
    if (last) last.end += closers
    // Only the end of what is open decides, and an over-long span takes nothing more: reading stays linear in the text.
    const isOpen = last !== undefined && last.end - last.start <= sentenceCharsMax && goesOn(text.slice(last.start, last.end), segment)
    if (last && isOpen) last.end = index + segment.length
    else spans.push({ start: index + closers, end: index + segment.length })
  }
  return spans
}

function goesOn(before: string, next: string): boolean {
  return abbreviation.test(before) || wrapped(before) || isInside(before, next)
}

/** Within code marks, or going on in lower case: `"Really?" she said`. */
function isInside(before: string, next: string): boolean {
  return (before.split("`").length - 1) % 2 === 1 || /^\p{Ll}/u.test(next)
}

/** Unicode ends a sentence at every line feed; within a paragraph it is only a wrap unless closing punctuation stands before it. */
function wrapped(before: string): boolean {
  return /[^.!?:。！？\s]["”’)\]]*\s*\n\s*$/u.test(before)
}

function bounded(text: string, { start, end }: { start: number; end: number }): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = []
  let from = start
  while (end - from > sentenceCharsMax) {
    const space = text.lastIndexOf(" ", from + sentenceCharsMax)
    const to = space > from + sentenceCharsMax / 2 ? space : evenEnd(text, from + sentenceCharsMax)
    pieces.push({ start: from, end: to })
    from = to
  }
  return [...pieces, { start: from, end }]
}

/** Never between the halves of a surrogate pair. */
function evenEnd(text: string, end: number): number {
  const code = text.charCodeAt(end)
  return code >= 0xdc00 && code <= 0xdfff ? end - 1 : end
}

function trimmed(text: string, start: number, end: number): { text: string; start: number; end: number } {
  const raw = text.slice(start, end)
  const from = start + (raw.length - raw.trimStart().length)
  const piece = raw.trim()
  return { text: piece, start: from, end: from + piece.length }
}
