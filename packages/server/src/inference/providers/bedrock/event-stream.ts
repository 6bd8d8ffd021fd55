// Reads AWS's binary event streams (`application/vnd.amazon.eventstream`) from bytes split anywhere, checking both checksums of each message.
import { crc32 } from "node:zlib"

export interface AwsMessage {
  /** Only those with text values: `:message-type`, `:event-type`, `:exception-type`, … */
  headers: ReadonlyMap<string, string>
  payload: Uint8Array
}

/** Two lengths and the checksum of them. */
const preludeBytes = 12
const checksumBytes = 4
/** AWS's own limit is 16 MB of payload and 128 KB of headers. */
const messageBytesMax = 24 * 1024 * 1024

/** What is wrong with the bytes. */
export class EventStreamDamaged extends Error {}

export class AwsEventStream {
  #chunks: Uint8Array[] = []
  #sizeBytes = 0
  /** Length of the message at the front, once its prelude is there. */
  #wantedBytes: number | undefined;

  /** The messages that are complete now; those before a damaged one come first. */
  *feed(bytes: Uint8Array): Generator<AwsMessage> {
    this.#chunks.push(bytes)
    this.#sizeBytes += bytes.length
    for (let message = this.#next(); message; message = this.#next()) yield message
  }

  /** Bytes of a message that never became complete. */
  get isInside(): boolean {
    return this.#sizeBytes > 0
  }

  #next(): AwsMessage | undefined {
    if (this.#wantedBytes === undefined && this.#sizeBytes >= preludeBytes) this.#wantedBytes = lengthIn(this.#front(preludeBytes))
    if (this.#wantedBytes === undefined || this.#sizeBytes < this.#wantedBytes) return undefined
    const whole = this.#front(this.#wantedBytes)
    this.#chunks[0] = this.#chunks[0]!.subarray(this.#wantedBytes) // `front` put so many bytes there
    this.#sizeBytes -= this.#wantedBytes
    this.#wantedBytes = undefined
    return messageIn(whole)
  }

  /** So many bytes in one piece; they stay. Small parts are copied only when a whole message is there. */
  #front(sizeBytes: number): Buffer {
    if ((this.#chunks[0]?.length ?? 0) < sizeBytes) this.#chunks = [Buffer.concat(this.#chunks)]
    const first = this.#chunks[0]!
    return Buffer.from(first.buffer, first.byteOffset, sizeBytes)
  }
}

function lengthIn(prelude: Buffer): number {
  if (crc32(prelude.subarray(0, 8)) !== prelude.readUInt32BE(8)) throw new EventStreamDamaged("a message whose lengths fail their checksum")
  const totalBytes = prelude.readUInt32BE(0)
  const headersBytes = prelude.readUInt32BE(4)
  if (totalBytes > messageBytesMax) throw new EventStreamDamaged(`a message of ${totalBytes} bytes`)
  if (totalBytes < preludeBytes + headersBytes + checksumBytes) throw new EventStreamDamaged("a message shorter than its headers")
  return totalBytes
}

function messageIn(whole: Buffer): AwsMessage {
  const end = whole.length - checksumBytes
  if (crc32(whole.subarray(0, end)) !== whole.readUInt32BE(end)) throw new EventStreamDamaged("a message that fails its checksum")
  const headersEnd = preludeBytes + whole.readUInt32BE(4)
  return { headers: headersIn(whole.subarray(preludeBytes, headersEnd)), payload: whole.subarray(headersEnd, end) }
}

/** Sizes of values by their type: booleans, byte, short, integer, long, bytes (2 more for their length), text (likewise), timestamp, UUID. */
const valueBytes = [0, 0, 1, 2, 4, 8, null, null, 8, 16] as const
const textType = 7

function headersIn(bytes: Buffer): Map<string, string> {
  const headers = new Map<string, string>()
  let at = 0
  try {
    while (at < bytes.length) {
      const nameEnd = at + 1 + bytes.readUInt8(at)
      const name = bytes.toString("utf8", at + 1, nameEnd)
      const type = bytes.readUInt8(nameEnd)
      const fixed = valueBytes[type]
      if (fixed === undefined) throw new EventStreamDamaged(`a header of the unknown type ${type}`)
      const start = nameEnd + 1 + (fixed === null ? 2 : 0)
      const end = start + (fixed ?? bytes.readUInt16BE(nameEnd + 1))
      if (type === textType) headers.set(name, bytes.toString("utf8", start, end))
      at = end
    }
  } catch (error) {
    if (error instanceof EventStreamDamaged) throw error
    throw new EventStreamDamaged("headers that end in the middle") // reading beyond the buffer
  }
  return headers
}
