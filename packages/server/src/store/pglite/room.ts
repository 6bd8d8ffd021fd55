// Watches the disk of the embedded database: near its end the session takes no writes any more, and writes again when there is room.
import type { StoreLogger } from "../engine.ts"
import { diskReserveBytes, freeBytes, megabytes } from "../disk.ts"

export interface RoomOptions {
  readonly directory: string
  readonly logger: StoreLogger
  /** Runs one statement outside any transaction. */
  readonly query: (text: string) => Promise<unknown>
  /** Told what is free; for tests another one than the disk. */
  readonly free?: () => number
}

/** Somebody else's copy may take the rest within seconds. */
const lookEveryMs = 1_000

/**
 * A database whose disk is full in the middle of a commit ends the whole process, and may not open before there is room. So it stops earlier:
 * reads go on, writes are refused with a word. More has to be free before it writes again than when it stopped, or it would go to and fro.
 */
export class Room {
  readonly #options: RoomOptions
  #isShort = false
  #looking: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: RoomOptions) {
    this.#options = options
  }

  get isShort(): boolean {
    return this.#isShort
  }

  start(): void {
    const { logger } = this.#options
    this.#timer = setInterval(() => {
      this.#looking = this.look().catch((error: unknown) => logger.warn({ error }, "the disk of the database could not be looked at"))
    }, lookEveryMs).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async look(): Promise<void> {
    const { query, logger, directory } = this.#options
    const free = this.#options.free?.() ?? freeBytes(directory)
    if (!this.#isShort && free < diskReserveBytes) {
      this.#isShort = true
      await query("set session characteristics as transaction read only")
      logger.error({ directory, freeBytes: free }, `the disk is nearly full (${megabytes(free)}): nothing is written before there is more`)
      // Gives the log of writes that are in the tables by now back to the disk.
      await query("checkpoint")
    } else if (this.#isShort && free >= diskReserveBytes * 1.5) {
      await query("set session characteristics as transaction read write")
      this.#isShort = false
      logger.info({ directory, freeBytes: free }, "the disk has room again, the database writes again")
    }
  }
}
