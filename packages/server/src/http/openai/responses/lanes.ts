// Turns of one connection: one after the other within a lane, lanes beside each other, and a connection that is not read on while too much waits.
import type { TurnRequest } from "./socket-frames.ts"

export interface LanesOptions {
  readonly lanesMax: number
  readonly turnsQueuedMax: number
  readonly bytesQueuedMax: number
  /** Must not throw. */
  readonly run: (turn: TurnRequest) => Promise<void>
  /** A turn for which there is no lane. */
  readonly refuse: (turn: TurnRequest) => void
  /** Whether the client is to be read on. */
  readonly read: (on: boolean) => void
  readonly idle: () => void
}

export class Lanes {
  readonly #options: LanesOptions
  readonly #queues = new Map<string, TurnRequest[]>()
  #turns = 0
  #bytes = 0
  #reading = true

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** Lanes with a turn under way, by the client's name. */
  get running(): readonly (string | undefined)[] {
    return [...this.#queues.values()].map((queue) => queue[0]?.lane)
  }

  add(turn: TurnRequest): void {
    const name = turn.lane ?? ""
    const queue = this.#queues.get(name)
    if (!queue && this.#queues.size >= this.#options.lanesMax) return this.#options.refuse(turn)
    this.#turns += 1
    this.#bytes += turn.bytes
    if (queue) queue.push(turn)
    else {
      const fresh = [turn]
      this.#queues.set(name, fresh)
      void this.#runAll(name, fresh)
    }
    this.#throttle()
  }

  async #runAll(name: string, queue: TurnRequest[]): Promise<void> {
    for (let turn = queue[0]; turn; turn = queue[0]) {
      await this.#options.run(turn)
      queue.shift()
      this.#turns -= 1
      this.#bytes -= turn.bytes
      this.#throttle()
    }
    this.#queues.delete(name)
    if (this.#queues.size === 0) this.#options.idle()
  }

  #throttle(): void {
    const { turnsQueuedMax, bytesQueuedMax, read } = this.#options
    const on = this.#turns - this.#queues.size < turnsQueuedMax && this.#bytes <= bytesQueuedMax
    if (on !== this.#reading) read(on)
    this.#reading = on
  }
}
