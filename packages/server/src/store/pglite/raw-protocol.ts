// The engine's own replies as bytes: nothing is parsed here, and nothing is kept after a reply.
import type { PGlite } from "@electric-sql/pglite"

/** As shipped, `execProtocolRawSync` parses each reply as well and keeps what it finds for good: 120 bytes of every row that was ever read. */
export class RawProtocol {
  readonly #engine: PGlite
  readonly #reply = new Reply()

  private constructor(engine: PGlite) {
    this.#engine = engine
  }

  static async of(engine: PGlite): Promise<RawProtocol> {
    const protocol = new RawProtocol(engine)
    // The engine keeps this way of giving a reply for every later request. Without one it would parse.
    await engine.execProtocolRawStream(sync, { syncToFs: false, onRawData: (part) => protocol.#reply.add(part) })
    protocol.#reply.take()
    return protocol
  }

  /** Messages of Postgres' protocol and what it answers to them, in a buffer of its own. */
  exec(request: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#engine.execProtocolRawSync(request)
    return this.#reply.take()
  }
}

/** Parts as the engine writes them, each a view of its memory that is valid for the moment only. */
class Reply {
  #bytes = new Uint8Array(usualBytes)
  #length = 0

  add(part: Uint8Array): void {
    const length = this.#length + part.length
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(part, this.#length)
    this.#length = length
  }

  take(): Uint8Array<ArrayBuffer> {
    const reply = this.#bytes.slice(0, this.#length)
    this.#length = 0
    if (this.#bytes.length > usualBytes) this.#bytes = new Uint8Array(usualBytes)
    return reply
  }
}

/** Kept between replies. */
const usualBytes = 1 << 20

/** The message `Sync`, which changes nothing. */
const sync = Uint8Array.of(0x53, 0, 0, 0, 4)
