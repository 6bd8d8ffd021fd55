// Runs one piece of work again and again with a pause between, until stopped; errors are reported and do not end it.

export class Loop {
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(everyMs: () => number, work: () => Promise<void>, onError: (error: unknown) => void) {
    const turn = (): void => {
      this.#running = work()
        .catch(onError)
        .finally(() => {
          if (!this.#stopped) this.#timer = setTimeout(turn, everyMs())
        })
    }
    this.#timer = setTimeout(turn, everyMs())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#running
  }
}
