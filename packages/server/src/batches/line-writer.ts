// Writes outcomes of lines: those that come while others are written go together, and each is acknowledged when it is stored.
import { AppError, sleep } from "../core/index.ts"
import { batchLines, isStoreError, type BatchProgress, type NewBatchLine, type StoredBatch, type Store } from "../store/index.ts"

const linesMax = 500
/** Of one statement: the embedded engine keeps for ever what the largest one took, several times its size. */
const bytesMax = 1024 * 1024

interface Queued {
  line: NewBatchLine
  resolve: () => void
  reject: (error: unknown) => void
}

export class LineWriter {
  readonly #store: Store
  readonly #batch: StoredBatch
  readonly #onWritten: (progress: BatchProgress) => void
  #queue: Queued[] = []
  #isWriting = false

  constructor(store: Store, batch: StoredBatch, onWritten: (progress: BatchProgress) => void) {
    this.#store = store
    this.#batch = batch
    this.#onWritten = onWritten
  }

  add(line: NewBatchLine): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ line, resolve, reject })
      if (!this.#isWriting) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#queue.length > 0) {
      const group = this.#nextGroup()
      try {
        await this.#insert(group.map(({ line }) => line))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#isWriting = false
  }

  async #insert(lines: readonly NewBatchLine[]): Promise<void> {
    const { projectId, id } = this.#batch
    const progress = await persistently(() => batchLines.insertLines(this.#store.project(projectId), projectId, id, lines))
    if (!progress) throw new AppError("conflict", `the batch ${id} has ended or was deleted`)
    this.#onWritten(progress)
  }

  #nextGroup(): Queued[] {
    let sizeBytes = 0
    let count = 0
    for (const { line } of this.#queue) {
      sizeBytes += line.content.length
      if (count > 0 && (count >= linesMax || sizeBytes > bytesMax)) break
      count += 1
    }
    return this.#queue.splice(0, count)
  }
}

/** An answer that was paid for is not lost to a database that is away for some seconds. */
async function persistently<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write()
    } catch (error) {
      if (tries >= triesMax || !isStoreError(error)) throw error
      await sleep(retryMs * 2 ** (tries - 1))
    }
  }
}

const triesMax = 6
const retryMs = 200
