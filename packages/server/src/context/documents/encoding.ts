// Bytes to text in whatever encoding they are: marks and validity decide where they can, else the statistics of the bytes.
import chardet from "chardet"
import { DocumentError } from "./types.ts"

/** Bytes by which an encoding is guessed; all of a file must then be valid in it. */
const guessBytes = 256 * 1024
const guessesMax = 5
const metaBytes = 2_048

export function decodeText(bytes: Uint8Array, filename: string): string {
  const marked = markOf(bytes)
  if (marked !== undefined) return decodedAs(marked, bytes) ?? fail(filename, `is marked as ${marked} but is not valid in it`)
  const zeros = zerosOf(bytes)
  if (zeros !== undefined) {
    const wide = zeros.odd > zeros.even * 4 ? "utf-16le" : zeros.even > zeros.odd * 4 ? "utf-16be" : undefined
    const text = wide === undefined ? undefined : decodedAs(wide, bytes)
    if (text !== undefined && isText(text)) return text
    throw new DocumentError(
      "unsupported_file",
      `The file '${filename}' is binary: byte ${zeros.first} is zero. It is of no type that is read.`,
    )
  }
  return decodedAs("utf-8", bytes) ?? guessed(bytes, filename)
}

/** A file that is UTF-8 but for some bytes is damaged, not in another encoding: as such it would come out as nonsense. */
function guessed(bytes: Uint8Array, filename: string): string {
  const { bad, good } = utf8Shape(bytes)
  if (good > bad.count) {
    const line = lineOf(bytes, bad.first)
    fail(filename, `is not valid UTF-8: ${bad.count} byte${bad.count === 1 ? "" : "s"}, the first at byte ${bad.first} in line ${line}`)
  }
  const declared = declaredOf(bytes)
  const guesses = chardet.analyse(bytes.subarray(0, guessBytes)).slice(0, guessesMax)
  for (const name of [...(declared === undefined ? [] : [declared]), ...guesses.map((guess) => guess.name)]) {
    if (/^UTF-8$/i.test(name)) continue
    const text = decodedAs(name, bytes)
    if (text !== undefined && isText(text)) return text
  }
  return fail(
    filename,
    `is in no encoding that is recognised; the first byte that is not UTF-8 is byte ${bad.first} in line ${lineOf(bytes, bad.first)}`,
  )
}

function fail(filename: string, why: string): never {
  throw new DocumentError("invalid_file", `The file '${filename}' ${why}. Save it as UTF-8.`)
}

function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8"
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le"
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined
}

/** What an HTML page says of itself. */
function declaredOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, metaBytes)).toString("latin1")
  return /<meta[^>]{0,200}charset=["']?([\w-]{2,30})/i.exec(head)?.[1]
}

function decodedAs(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined // not valid in it, or an encoding that is not known here
  }
}

/** Control characters are what a wrong single-byte encoding gives. */
function isText(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are the characters meant
  return !/[\0-\x08\x0e-\x1a\x1c-\x1f\x80-\x9f]/.test(text)
}

/** Where the zero bytes are; undefined when there are none. */
function zerosOf(bytes: Uint8Array): { first: number; odd: number; even: number } | undefined {
  const first = bytes.indexOf(0)
  if (first === -1) return undefined
  let odd = 0
  let even = 0
  for (const [index, byte] of bytes.subarray(0, guessBytes).entries()) {
    if (byte !== 0) continue
    if (index % 2 === 0) even += 1
    else odd += 1
  }
  return { first, odd, even }
}

/** How many characters of several bytes are right, how many bytes are wrong. */
function utf8Shape(bytes: Uint8Array): { good: number; bad: { count: number; first: number } } {
  let good = 0
  let count = 0
  let first = -1
  for (let at = 0; at < bytes.length;) {
    const length = sequenceAt(bytes, at)
    if (length === 0) {
      count += 1
      if (first === -1) first = at
      at += 1
    } else {
      if (length > 1) good += 1
      at += length
    }
  }
  return { good, bad: { count, first } }
}

/** Length of the valid sequence that begins there, 0 when none does. */
function sequenceAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] ?? 0
  if (byte < 0x80) return 1
  const length = byte >= 0xc2 && byte <= 0xdf ? 2 : byte >= 0xe0 && byte <= 0xef ? 3 : byte >= 0xf0 && byte <= 0xf4 ? 4 : 0
  for (let next = 1; next < length; next++) if (((bytes[at + next] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}

function lineOf(bytes: Uint8Array, at: number): number {
  let line = 1
  for (let index = bytes.indexOf(10); index !== -1 && index < at; index = bytes.indexOf(10, index + 1)) line += 1
  return line
}
