// Lets others have the core of the database's thread in the middle of a statement, where it has run for a while.

export interface GiveWayOptions {
  now: () => number
  /** Sleeps for as short as can be. */
  pause: () => void
}

/** What runs for longer holds up answers by as much. */
const runMs = 0.5
/** Of one request: a statement that takes long, as an ingestion does, loses half a millisecond. */
const pausesMax = 8

/**
 * Linux does not interrupt who runs before its slice is over, and looks for that only every few milliseconds, whatever the priorities are:
 * where both share a core, the server's own thread would wait for a whole batch of records. It has its turn when this one sleeps.
 */
export class GiveWay {
  readonly #options: GiveWayOptions
  #ranSince = 0
  #pausesLeft = 0

  constructor(options: GiveWayOptions) {
    this.#options = options
  }

  /** A request begins: the thread has slept before. Nobody waits for housekeeping, which gives way however long it takes. */
  begins(isHousekeeping = false): void {
    this.#pausesLeft = isHousekeeping ? Infinity : pausesMax
    this.slept()
  }

  /** The thread waited for the disk. */
  slept(): void {
    this.#ranSince = this.#options.now()
  }

  /** Called often, while nothing is half done. */
  offer(): void {
    if (this.#pausesLeft === 0 || this.#options.now() - this.#ranSince < runMs) return
    this.#pausesLeft -= 1
    this.#options.pause()
    this.slept()
  }
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

/** The system makes about 0.06 ms of it. */
export function shortestSleep(): void {
  Atomics.wait(nobodyWakes, 0, 0, 0.01)
}
