// Passages that wait for the model: bounded, taken in turn from each request, so that a long list does not hold up a short one, and those first for which somebody waits.

import type { Passage } from "./encode.ts"

/** One call of the user: some passages, of which the first `taken` were handed out. */
export interface PassageRequest {
  readonly passages: readonly Passage[]
  /** Somebody waits for the answer, as for that to a question: it goes before what is only to be indexed. */
  readonly isUrgent: boolean
  taken: number
}

/** So many urgent passages one after the other; then one of the others has its turn, for these must come to their end too. */
const urgentInRowMax = 4

export class FairQueue<R extends PassageRequest> {
  readonly #textsMax: number
  #urgent: R[] = []
  #others: R[] = []
  #urgentInRow = 0
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
    if (request.passages.length > 0) this.#listOf(request).push(request)
    this.#waiting += request.passages.length
    return true
  }

  /** The next passage, with the position that it has in its request. */
  take(): { request: R; position: number; passage: Passage } | undefined {
    const isTurnOfOthers = this.#urgent.length === 0 || (this.#urgentInRow >= urgentInRowMax && this.#others.length > 0)
    this.#urgentInRow = isTurnOfOthers ? 0 : this.#urgentInRow + 1
    const list = isTurnOfOthers ? this.#others : this.#urgent
    const request = list.shift()
    const passage = request?.passages[request.taken]
    if (request === undefined || passage === undefined) return undefined
    const position = request.taken++
    this.#waiting--
    if (request.taken < request.passages.length) list.push(request)
    return { request, position, passage }
  }

  /** Forgets what the request still waits for. */
  remove(request: R): void {
    const list = this.#listOf(request)
    const at = list.indexOf(request)
    if (at < 0) return
    list.splice(at, 1)
    this.#waiting -= request.passages.length - request.taken
  }

  /** Empties the queue and returns the requests that had texts waiting. */
  clear(): R[] {
    const requests = [...this.#urgent, ...this.#others]
    this.#urgent = []
    this.#others = []
    this.#waiting = 0
    return requests
  }

  #listOf({ isUrgent }: R): R[] {
    return isUrgent ? this.#urgent : this.#others
  }
}
