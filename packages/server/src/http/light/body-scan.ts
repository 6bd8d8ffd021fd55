// Finds the values of a few top-level keys in a JSON body without parsing it, and replaces them by moving bytes.
// Undefined means "unusual, take the slow way": parse, decide, serialise. Two parsers that read one body differently would let a
// client be billed for one model and served another, so whatever is ambiguous is unusual: an escape in a key, a wanted key twice,
// bytes that JSON does not know, brackets that do not match, anything after the object.

/** Bytes of a value, `end` exclusive. */
export interface Span {
  start: number
  end: number
}

export interface Edit extends Span {
  text: string
}

const quote = 34
const comma = 44
const colon = 58
const backslash = 92
const openList = 91
const closeList = 93
const openObject = 123
const closeObject = 125
/** Nesting deeper than this is unusual. */
const depthMax = 512

/** What may stand outside strings: 1 a part of a value, 2 white space, 3 structure. */
const kinds = new Uint8Array(256)
for (const byte of Buffer.from("0123456789+-.eEtrufalsn")) kinds[byte] = 1
for (const byte of Buffer.from(" \t\r\n")) kinds[byte] = 2
for (const byte of Buffer.from(",:{}[]")) kinds[byte] = 3

export function scanTopLevel(body: Buffer, wanted: ReadonlySet<string>): Map<string, Span> | undefined {
  let at = skipSpace(body, 0)
  if (body[at] !== openObject) return undefined
  const spans = new Map<string, Span>()
  at = skipSpace(body, at + 1)
  if (body[at] === closeObject) return skipSpace(body, at + 1) === body.length ? spans : undefined
  for (;;) {
    if (body[at] !== quote) return undefined
    const keyEnd = closingQuote(body, at)
    if (keyEnd < 0) return undefined
    const key = keyOf(body, at + 1, keyEnd)
    if (key === undefined) return undefined
    const start = skipSpace(body, keyEnd + 1)
    if (body[start] !== colon) return undefined
    const from = skipSpace(body, start + 1)
    const end = valueEnd(body, from)
    if (end < 0) return undefined
    if (wanted.has(key)) {
      if (spans.has(key)) return undefined
      spans.set(key, { start: from, end })
    }
    at = skipSpace(body, end)
    if (body[at] === closeObject) return skipSpace(body, at + 1) === body.length ? spans : undefined
    if (body[at] !== comma) return undefined
    at = skipSpace(body, at + 1)
  }
}

/** The body with the edits made; they are in order and do not overlap. */
export function splice(body: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return body
  const parts: Uint8Array[] = []
  let at = 0
  for (const { start, end, text } of edits) {
    parts.push(body.subarray(at, start), Buffer.from(text))
    at = end
  }
  parts.push(body.subarray(at))
  return Buffer.concat(parts)
}

function skipSpace(body: Buffer, from: number): number {
  let at = from
  while (kinds[body[at] ?? 0] === 2) at += 1
  return at
}

/** Undefined for a key with an escape in it: it may be any other key. */
function keyOf(body: Buffer, start: number, end: number): string | undefined {
  for (let at = start; at < end; at += 1) if (body[at] === backslash) return undefined
  return body.toString("latin1", start, end)
}

/** Index after the value that begins at `from`, or -1. Values of the body are not checked beyond their brackets and bytes. */
function valueEnd(body: Buffer, from: number): number {
  const first = body[from]
  if (first === quote) return closingQuote(body, from) + 1 || -1
  if (first === openObject || first === openList) return closingBracket(body, from)
  let at = from
  while (kinds[body[at] ?? 0] === 1) at += 1
  return at > from ? at : -1
}

const stack = new Uint8Array(depthMax)

function closingBracket(body: Buffer, from: number): number {
  let depth = 0
  for (let at = from; at < body.length; at += 1) {
    const byte = body[at] ?? 0
    if (byte === quote) {
      at = closingQuote(body, at)
      if (at < 0) return -1
    } else if (byte === openObject || byte === openList) {
      if (depth === depthMax) return -1
      stack[depth] = byte
      depth += 1
    } else if (byte === closeObject || byte === closeList) {
      depth -= 1
      // `{` and `}`, `[` and `]` are two apart.
      if (stack[depth] !== byte - 2) return -1
      if (depth === 0) return at + 1
    } else if (kinds[byte] === 0) return -1
  }
  return -1
}

/** Near ends are found by a loop (a native call costs more than this many bytes of it), far ones by `indexOf`. */
const nearBytes = 64

/** Index of the quote that closes the string opened at `start`, or -1. */
function closingQuote(body: Buffer, start: number): number {
  let from = start + 1
  for (const near = Math.min(body.length, from + nearBytes); from < near; from += 1) {
    if (body[from] === quote) return from
    if (body[from] === backslash) from += 1
  }
  for (let end = body.indexOf(quote, from); end >= 0; end = body.indexOf(quote, end + 1)) {
    let slash = end - 1
    while (slash >= from && body[slash] === backslash) slash -= 1
    if ((end - 1 - slash) % 2 === 0) return end
  }
  return -1
}
