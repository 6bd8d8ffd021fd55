// From callbacks to an async iterable: what is pushed is read once, in order. Bounded by what a model may generate in one call.

export class EventQueue<T> implements AsyncIterable<T> {
  #events: T[] = []
  #outcome: { error: unknown } | "ended" | undefined
  #wake: (() => void) | undefined

  push(event: T): void {
    this.#events.push(event)
    this.#wake?.()
  }

  end(): void {
    this.#outcome ??= "ended"
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#outcome ??= { error }
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const events = this.#events
      this.#events = []
      yield* events
      if (this.#events.length > 0) continue
      if (this.#outcome === "ended") return
      if (this.#outcome) throw this.#outcome.error
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
