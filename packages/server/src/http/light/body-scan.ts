// Finds the values of a few top-level keys in a JSON body without parsing it, in pieces as the body came.
// Undefined means "unusual, take the slow way": parse, decide, serialise. Two parsers that read one body differently would let a
// client be billed for one model and served another, so whatever is ambiguous is unusual: an escape in a key, a wanted key twice,
// bytes that JSON does not know, brackets that do not match, anything after the object.

/** Bytes of a value, `end` exclusive; counted from the beginning of the body. */
export interface Span {
  start: number
  end: number
}

export function scanTopLevel(pieces: readonly Buffer[], wanted: ReadonlySet<string>): Map<string, Span> | undefined {
  const scan = new TopLevelScan(wanted)
  for (const piece of pieces) if (!scan.feed(piece)) return undefined
  return scan.end()
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

/** Open brackets of the value that is being read; a body is scanned in one go. */
const stack = new Uint8Array(depthMax)

/** What comes next, or what the last piece ended in. */
type State =
  | "object"
  | "key or end"
  | "key"
  | "in key"
  | "colon"
  | "value"
  | "in string"
  | "in literal"
  | "in brackets"
  | "in inner string"
  | "comma or end"
  | "nothing"

/** `feed` the pieces while it returns true, then `end`. */
class TopLevelScan {
  readonly #wanted: ReadonlySet<string>
  readonly #spans = new Map<string, Span>()
  #state: State = "object"
  /** Bytes of the pieces before this one. */
  #before = 0
  #key = ""
  #valueStart = 0
  #depth = 0
  /** The last piece ended after a backslash. */
  #escaped = false

  constructor(wanted: ReadonlySet<string>) {
    this.#wanted = wanted
  }

  feed(piece: Buffer): boolean {
    for (let at = 0; at < piece.length;) {
      at = this.#read(piece, at)
      if (at < 0) return false
    }
    this.#before += piece.length
    return true
  }

  end(): Map<string, Span> | undefined {
    return this.#state === "nothing" ? this.#spans : undefined
  }

  /** Reads on from `at`; the index after what was read, or -1. */
  #read(piece: Buffer, at: number): number {
    switch (this.#state) {
      case "in key":
        return this.#readKey(piece, at)
      case "in string":
        return this.#readString(piece, at)
      case "in literal":
        return this.#readLiteral(piece, at)
      case "in brackets":
      case "in inner string":
        return this.#readBrackets(piece, at)
      default: {
        const byte = piece[at] ?? 0
        return kinds[byte] === 2 || this.#take(byte, this.#before + at) ? at + 1 : -1
      }
    }
  }

  /** One byte of structure, or the first of a value. */
  #take(byte: number, position: number): boolean {
    switch (this.#state) {
      case "object":
        return this.#goOn(byte === openObject, "key or end")
      case "key or end":
        return byte === closeObject ? this.#goOn(true, "nothing") : this.#goOn(byte === quote, "in key")
      case "key":
        return this.#goOn(byte === quote, "in key")
      case "colon":
        return this.#goOn(byte === colon, "value")
      case "value":
        this.#valueStart = position
        return this.#beginValue(byte)
      case "comma or end":
        return byte === closeObject ? this.#goOn(true, "nothing") : this.#goOn(byte === comma, "key")
      default:
        return false
    }
  }

  #goOn(mayGoOn: boolean, state: State): boolean {
    this.#state = state
    return mayGoOn
  }

  #beginValue(byte: number): boolean {
    if (byte === quote) return this.#goOn(true, "in string")
    if (byte !== openObject && byte !== openList) return this.#goOn(kinds[byte] === 1, "in literal")
    stack[0] = byte
    this.#depth = 1
    return this.#goOn(true, "in brackets")
  }

  #endValue(piece: Buffer, end: number): number {
    this.#state = "comma or end"
    if (this.#wanted.has(this.#key)) {
      if (this.#spans.has(this.#key)) return -1
      this.#spans.set(this.#key, { start: this.#valueStart, end: this.#before + end })
    }
    this.#key = ""
    return Math.min(end, piece.length)
  }

  /** A key with an escape in it may be any other key. */
  #readKey(piece: Buffer, from: number): number {
    let at = from
    while (at < piece.length && piece[at] !== quote && piece[at] !== backslash) at += 1
    this.#key += piece.toString("latin1", from, at)
    if (at === piece.length) return at
    return piece[at] === quote && this.#goOn(true, "colon") ? at + 1 : -1
  }

  #readString(piece: Buffer, from: number): number {
    const end = this.#closingQuote(piece, from)
    return end < 0 ? piece.length : this.#endValue(piece, end + 1)
  }

  #readLiteral(piece: Buffer, from: number): number {
    let at = from
    while (at < piece.length && kinds[piece[at] ?? 0] === 1) at += 1
    return at === piece.length ? at : this.#endValue(piece, at)
  }

  /** Values within are not checked beyond their brackets and bytes. */
  #readBrackets(piece: Buffer, from: number): number {
    let at = this.#state === "in brackets" ? from : this.#afterInnerString(piece, from)
    for (; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0
      if (byte === quote) {
        at = this.#afterInnerString(piece, at + 1) - 1
      } else if (byte === openObject || byte === openList) {
        if (this.#depth === depthMax) return -1
        stack[this.#depth] = byte
        this.#depth += 1
      } else if (byte === closeObject || byte === closeList) {
        this.#depth -= 1
        // `{` and `}`, `[` and `]` are two apart.
        if (stack[this.#depth] !== byte - 2) return -1
        if (this.#depth === 0) return this.#endValue(piece, at + 1)
      } else if (kinds[byte] === 0) return -1
    }
    return piece.length
  }

  #afterInnerString(piece: Buffer, from: number): number {
    const end = this.#closingQuote(piece, from)
    this.#state = end < 0 ? "in inner string" : "in brackets"
    return end < 0 ? piece.length : end + 1
  }

  /** Index of the quote that closes the string that goes on at `from`, or -1 when it goes on in the next piece. */
  #closingQuote(piece: Buffer, from: number): number {
    let at = this.#escaped ? from + 1 : from
    this.#escaped = false
    for (const near = Math.min(piece.length, at + nearBytes); at < near;) {
      const byte = piece[at]
      if (byte === quote) return at
      at += byte === backslash ? 2 : 1
    }
    for (let end = piece.indexOf(quote, at); end >= 0; end = piece.indexOf(quote, end + 1)) {
      if (!endsInEscape(piece, at, end)) return end
    }
    this.#escaped = at > piece.length || endsInEscape(piece, at, piece.length)
    return -1
  }
}

/** Near ends are found by a loop (a native call costs more than this many bytes of it), far ones by `indexOf`. */
const nearBytes = 64

/** Whether an odd number of backslashes stands before `end`. */
function endsInEscape(piece: Buffer, from: number, end: number): boolean {
  let slash = end - 1
  while (slash >= from && piece[slash] === backslash) slash -= 1
  return (end - 1 - slash) % 2 === 1
}
