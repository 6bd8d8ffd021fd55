// The model events that a reader has found in an answer and that nobody has taken yet.
import type { ModelEvent } from "../types.ts"

export class FoundEvents {
  #found: ModelEvent[] = []

  push(...events: readonly ModelEvent[]): void {
    this.#found.push(...events)
  }

  taken(): ModelEvent[] {
    const events = this.#found
    this.#found = []
    return events
  }

  /** What one reading finds. Where it fails, the failure is thrown behind the events before it: the provider said them. */
  in(read: () => void): Iterable<ModelEvent> {
    try {
      read()
    } catch (error) {
      return failing(this.taken(), error)
    }
    return this.taken()
  }
}

function* failing(events: readonly ModelEvent[], error: unknown): Generator<ModelEvent> {
  yield* events
  throw error
}
