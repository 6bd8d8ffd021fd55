// Reads zip archives within limits: how many entries, how much they unpack to, and no entry hides another.
import { inflateRawSync } from "node:zlib"
import { DocumentError } from "./types.ts"

interface Entry {
  method: number
  flags: number
  packedBytes: number
  bytes: number
  offset: number
}

const entriesMax = 20_000
const endSignature = 0x06_05_4b_50
const centralSignature = 0x02_01_4b_50
const localSignature = 0x04_03_4b_50
const endBytes = 22
const commentBytesMax = 0xff_ff
const stored = 0
const deflated = 8
/** What honest office files reach at most, by far; a small file may pass it. */
const ratioMax = 300
const ratioFromBytes = 4 * 1024 * 1024

export class ZipArchive {
  readonly #bytes: Buffer
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #unpackedBytesMax: number
  #unpacked = 0

  constructor(bytes: Uint8Array, { unpackedBytesMax }: { unpackedBytesMax: number }) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#unpackedBytesMax = unpackedBytesMax
    this.#entries = readEntries(this.#bytes)
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()]
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** The entry as text in UTF-8 or UTF-16, or undefined when there is none. */
  text(name: string): string | undefined {
    const content = this.read(name)
    if (content === undefined) return undefined
    const encoding =
      content[0] === 0xff && content[1] === 0xfe ? "utf-16le" : content[0] === 0xfe && content[1] === 0xff ? "utf-16be" : "utf-8"
    return new TextDecoder(encoding).decode(content)
  }

  read(name: string): Buffer | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    if ((entry.flags & 1) !== 0) throw invalid(`its entry '${shown(name)}' is encrypted`)
    const packed = this.#packed(name, entry)
    const room = this.#unpackedBytesMax - this.#unpacked
    const max = Math.min(room, Math.max(ratioFromBytes, packed.length * ratioMax))
    const content = entry.method === stored ? packed : this.#inflate(name, entry, packed, max)
    this.#unpacked += content.length
    if (this.#unpacked > this.#unpackedBytesMax) throw this.#bomb(name, this.#unpackedBytesMax)
    return content
  }

  #inflate(name: string, entry: Entry, packed: Buffer, bytesMax: number): Buffer {
    if (entry.method !== deflated) throw invalid(`its entry '${shown(name)}' is packed by method ${entry.method}; only deflate is read`)
    // The size that the archive declares is not believed.
    if (bytesMax <= 0) throw this.#bomb(name, this.#unpackedBytesMax)
    try {
      return inflateRawSync(packed, { maxOutputLength: bytesMax })
    } catch (error) {
      if (error instanceof RangeError || (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"))
        throw this.#bomb(name, bytesMax)
      throw invalid(`its entry '${shown(name)}' is damaged`)
    }
  }

  #bomb(name: string, bytes: number): DocumentError {
    return invalid(`its entry '${shown(name)}' unpacks to more than ${bytes} bytes, which no document does`)
  }

  #packed(name: string, { offset, packedBytes }: Entry): Buffer {
    const bytes = this.#bytes
    if (offset + 30 > bytes.length || bytes.readUInt32LE(offset) !== localSignature) throw invalid(`its entry '${shown(name)}' is missing`)
    const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28)
    if (start + packedBytes > bytes.length) throw invalid(`its entry '${shown(name)}' is cut off`)
    return bytes.subarray(start, start + packedBytes)
  }
}

function readEntries(bytes: Buffer): Map<string, Entry> {
  const end = endOf(bytes)
  const count = bytes.readUInt16LE(end + 10)
  let at = bytes.readUInt32LE(end + 16)
  if (count > entriesMax) throw invalid(`it has ${count} entries; at most ${entriesMax} are read`)
  const entries = new Map<string, Entry>()
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== centralSignature) throw invalid("its directory is damaged")
    const nameBytes = bytes.readUInt16LE(at + 28)
    const name = bytes.toString("utf8", at + 46, at + 46 + nameBytes)
    // Two entries of one name are how a reader is shown another file than the scanner.
    if (entries.has(name)) throw invalid(`it has two entries named '${shown(name)}'`)
    entries.set(name, {
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      packedBytes: bytes.readUInt32LE(at + 20),
      bytes: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
    })
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return entries
}

function endOf(bytes: Buffer): number {
  for (let at = bytes.length - endBytes; at >= Math.max(0, bytes.length - endBytes - commentBytesMax); at--) {
    if (bytes.readUInt32LE(at) === endSignature) return at
  }
  throw invalid("its end is missing; the upload may be cut off")
}

function shown(name: string): string {
  return name.replace(/\p{Cc}/gu, "").slice(0, 100)
}

function invalid(why: string): DocumentError {
  return new DocumentError("invalid_file", `The file is not a readable archive: ${why}.`)
}
