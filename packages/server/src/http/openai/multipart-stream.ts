// Multipart bodies of uploads part by part as they arrive: of a file no more is in memory than what came in one piece.
import type { AppError } from "../../core/index.ts"
import { boundaryOf, malformed, named, partHeaderBytesMax, partsMax } from "./files-multipart.ts"

export interface ArrivingPart {
  name: string
  filename: string | undefined
  /** To be read to its end before the next part is asked for. */
  content: AsyncGenerator<Buffer>
}

const lineBreak = Buffer.from("\r\n")
const headerEnd = Buffer.from("\r\n\r\n")

/** Throws `tooLarge()` as soon as more than `bytesMax` bytes have come. */
export async function* readParts(request: Request, bytesMax: number, tooLarge: () => AppError): AsyncGenerator<ArrivingPart> {
  const boundary = boundaryOf(request.headers.get("content-type") ?? "")
  const reader = new BodyReader(request.body, bytesMax, tooLarge)
  // The first boundary may stand at the very start, without its line break.
  reader.putBack(lineBreak)
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1")
  for await (const _ of reader.until(delimiter)) {
    // Whatever stands before the first part says nothing.
  }
  for (let count = 0; !(await reader.startsWith("--")); count += 1) {
    if (count >= partsMax) throw malformed(`it has more than ${partsMax} parts`)
    const head = await reader.head()
    // What stands on the line of the boundary says nothing; without its line break nothing else stood there.
    const lineEnd = head.indexOf("\r\n")
    yield { ...named(lineEnd === -1 ? "" : head.slice(lineEnd + 2)), content: reader.content(delimiter) }
  }
}

class BodyReader {
  readonly #chunks: AsyncIterator<Uint8Array> | undefined
  readonly #bytesMax: number
  readonly #tooLarge: () => AppError
  #held: Buffer = Buffer.alloc(0)
  #bytes = 0

  constructor(body: ReadableStream<Uint8Array> | null, bytesMax: number, tooLarge: () => AppError) {
    this.#chunks = body?.[Symbol.asyncIterator]()
    this.#bytesMax = bytesMax
    this.#tooLarge = tooLarge
  }

  putBack(bytes: Buffer): void {
    this.#held = Buffer.concat([bytes, this.#held])
  }

  /** What comes before the mark, which is taken too. */
  async *until(mark: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(mark)
      if (at !== -1) {
        const last = this.#take(at)
        this.#take(mark.length)
        if (last.length > 0) yield last
        return
      }
      // Its beginning may be there already.
      const sure = this.#held.length - mark.length + 1
      if (sure > 0) yield this.#take(sure)
      if (!(await this.#more())) throw malformed("a part is not closed by its boundary")
    }
  }

  async head(): Promise<string> {
    let head = ""
    for await (const piece of this.until(headerEnd)) {
      head += piece.toString("latin1")
      if (head.length > partHeaderBytesMax) throw malformed("a part has no header")
    }
    return Buffer.from(head, "latin1").toString("utf8")
  }

  /** After the head, whose last line break is also that of the boundary where there is no content. */
  async *content(delimiter: Buffer): AsyncGenerator<Buffer> {
    this.putBack(lineBreak)
    if (await this.startsWith(delimiter.toString("latin1"))) this.#take(delimiter.length)
    else {
      this.#take(lineBreak.length)
      yield* this.until(delimiter)
    }
  }

  async startsWith(text: string): Promise<boolean> {
    while (this.#held.length < text.length) if (!(await this.#more())) throw malformed("a part is not closed by its boundary")
    return this.#held.toString("latin1", 0, text.length) === text
  }

  #take(count: number): Buffer {
    const taken = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(count)
    return taken
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks?.next()
    if (!next || next.done === true) return false
    const { value } = next
    this.#bytes += value.byteLength
    if (this.#bytes > this.#bytesMax) throw this.#tooLarge()
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    return true
  }
}
