// How the last few calls of one deployment ended, whenever that was: what an average has forgotten still stands here.

const remembered = 10
const all = 2 ** remembered - 1

export class LastCalls {
  /** The newest in the lowest bit; set where it failed. */
  #failed = 0
  #calls = 0

  add(failed: boolean): void {
    this.#failed = ((this.#failed << 1) | (failed ? 1 : 0)) & all
    this.#calls = Math.min(remembered, this.#calls + 1)
  }

  summary(): { calls: number; failed: number; failedInRow: number } {
    let failed = 0
    let failedInRow = 0
    for (let at = 0; at < this.#calls; at += 1) {
      if (((this.#failed >> at) & 1) === 0) continue
      failed += 1
      if (failedInRow === at) failedInRow += 1
    }
    return { calls: this.#calls, failed, failedInRow }
  }
}
