// Runs that this process lost hold of while its lease lived: given back, so that somebody claims them.
import { executors, type Store } from "../store/index.ts"

export class Orphans {
  readonly #store: Store
  /** By run: the token of the lease that is given back. */
  readonly #tokens = new Map<string, string>()

  constructor(store: Store) {
    this.#store = store
  }

  add(runId: string, token: string): void {
    this.#tokens.set(runId, token)
  }

  /** Whether there were any. */
  async giveBack(): Promise<boolean> {
    if (this.#tokens.size === 0) return false
    const list = [...this.#tokens]
    await executors.giveBack(
      this.#store.system,
      list.map(([id]) => id),
      list.map(([, token]) => token),
    )
    for (const [id, token] of list) if (this.#tokens.get(id) === token) this.#tokens.delete(id)
    return true
  }
}
