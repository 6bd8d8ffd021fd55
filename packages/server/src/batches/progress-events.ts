// Tells the log of a run how far its batch is: seldom enough that the log of a day stays small.
import type { Clock } from "../core/index.ts"
import type { RunContext } from "../runs/index.ts"
import type { BatchProgress } from "../store/index.ts"

const everyMs = 30_000
const shares = 100
const shortestMs = 1_000

export class ProgressEvents {
  readonly #context: Pick<RunContext, "emit" | "signal">
  readonly #clock: Pick<Clock, "monotonic">
  #toldAt = Number.NEGATIVE_INFINITY
  #toldShare = -1

  constructor(context: Pick<RunContext, "emit" | "signal">, clock: Pick<Clock, "monotonic">) {
    this.#context = context
    this.#clock = clock
  }

  tell({ linesTotal, linesSucceeded, linesErrored }: BatchProgress): void {
    const now = this.#clock.monotonic()
    const ended = linesSucceeded + linesErrored
    const share = Math.floor((ended * shares) / Math.max(1, linesTotal))
    const isLast = ended === linesTotal
    const isDue = now - this.#toldAt >= everyMs || (share > this.#toldShare && now - this.#toldAt >= shortestMs)
    if ((!isDue && !isLast) || this.#context.signal.aborted) return
    this.#toldAt = now
    this.#toldShare = share
    const data = { total: linesTotal, completed: linesSucceeded, failed: linesErrored }
    this.#context.emit("batch.progress", data).committed.catch(() => undefined) // whoever holds the run now tells it
  }
}
