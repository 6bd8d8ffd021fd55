// Tells how far an ingestion is: on the row of the file, and in the log of its run, seldom enough for both.
import type { Clock } from "../core/index.ts"
import type { RunContext } from "../runs/index.ts"
import { vectorStoreFiles, type Store } from "../store/index.ts"

const everyMs = 500

export class ProgressNotes {
  readonly #store: Store
  readonly #clock: Clock
  readonly #file: Parameters<typeof vectorStoreFiles.noteProgress>[1]
  readonly #context: Pick<RunContext, "emit" | "signal">
  #stage = ""
  #notedAt = Number.NEGATIVE_INFINITY

  constructor(
    { store, clock }: { store: Store; clock: Clock },
    file: Parameters<typeof vectorStoreFiles.noteProgress>[1],
    context: Pick<RunContext, "emit" | "signal">,
  ) {
    this.#store = store
    this.#clock = clock
    this.#file = file
    this.#context = context
  }

  /** Call it only from inside a step: what a run does again when it is continued is not told again. */
  async note(stage: string, done: number, total: number): Promise<void> {
    const now = this.#clock.monotonic()
    const isDue = stage !== this.#stage || done === total || now - this.#notedAt >= everyMs
    if (!isDue || this.#context.signal.aborted) return
    this.#stage = stage
    this.#notedAt = now
    this.#context.emit("ingestion.progress", { stage, done, total }).committed.catch(() => undefined) // whoever holds the run now tells it
    await vectorStoreFiles.noteProgress(this.#store.project(this.#file.projectId), this.#file, { stage, done, total })
  }
}
