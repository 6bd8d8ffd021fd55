// A request whose head is here and whose body is told as it comes.
import type { IncomingHttpHeaders } from "node:http"
import type { HotRequest } from "../hot-exchange.ts"
import type { RequestHead } from "./request-head.ts"

export class LeanRequest implements HotRequest {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  #onData: ((chunk: Buffer) => void) | undefined
  #onEnd: (() => void) | undefined

  constructor({ url, headers }: RequestHead) {
    this.url = url
    this.headers = headers
  }

  on(event: "data", listener: (chunk: Buffer) => void): this
  on(event: "end", listener: () => void): this
  on(event: "data" | "end", listener: ((chunk: Buffer) => void) | (() => void)): this {
    if (event === "data") this.#onData = listener
    else this.#onEnd = listener as () => void
    return this
  }

  resume(): this {
    return this
  }

  data(chunk: Buffer): void {
    this.#onData?.(chunk)
  }

  end(): void {
    this.#onEnd?.()
  }
}
