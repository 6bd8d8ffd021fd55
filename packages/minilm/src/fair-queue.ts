// Passages that wait for the model: bounded, and taken in turn from each request, so that a long list does not hold up a short one.

import type { Passage } from "./encode.ts"

/** One call of the user: some passages, of which the first `taken` were handed out. */
export interface PassageRequest {
  readonly passages: readonly Passage[]
  taken: number
}

export class FairQueue<R extends PassageRequest> {
  readonly #textsMax: number
  #requests: R[] = []
  #waiting = 0

  constructor(textsMax: number) {
    this.#textsMax = textsMax
  }

  get waiting(): number {
    return this.#waiting
  }

  /** False when the texts would exceed the limit; then nothing is queued. */
  add(request: R): boolean {
    if (this.#waiting + request.passages.length > this.#textsMax) return false
    if (request.passages.length > 0) this.#requests.push(request)
    this.#waiting += request.passages.length
    return true
  }

  /** The next passage, with the position that it has in its request. */
  take(): { request: R; position: number; passage: Passage } | undefined {
    const request = this.#requests.shift()
    const passage = request?.passages[request.taken]
    if (request === undefined || passage === undefined) return undefined
    const position = request.taken++
    this.#waiting--
    if (request.taken < request.passages.length) this.#requests.push(request)
    return { request, position, passage }
  }

  /** Forgets what the request still waits for. */
  remove(request: R): void {
    const at = this.#requests.indexOf(request)
    if (at < 0) return
    this.#requests.splice(at, 1)
    this.#waiting -= request.passages.length - request.taken
  }

  /** Empties the queue and returns the requests that had texts waiting. */
  clear(): R[] {
    const requests = this.#requests
    this.#requests = []
    this.#waiting = 0
    return requests
  }
}
