// What was noticed and is on its way to the database: a bounded queue, so that whoever notices something never waits and never fails.
import { sleep, type Limits, type NewId } from "../core/index.ts"
import { alerts, isStoreError, type Store } from "../store/index.ts"
import type { Notice } from "./types.ts"

export interface NoticesOptions {
  store: Pick<Store, "system">
  limits: Pick<Limits, "alertsWaitingMax">
  newId: NewId
  /** The names of those who are to be told. */
  webhooksOf: (notice: Notice) => readonly string[]
  /** Something new waits for its webhooks. */
  onKept: () => void
  onDropped: () => void
  onError: (what: string, error: unknown) => void
}

/** After the database did not answer. */
const againMs = 1_000

export class Notices {
  readonly #options: NoticesOptions
  readonly #queue: Notice[] = []
  readonly #stop = new AbortController()
  #writing: Promise<void> | undefined

  constructor(options: NoticesOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#queue.length
  }

  add(notice: Notice): void {
    if (this.#stop.signal.aborted) return
    if (this.#queue.length >= this.#options.limits.alertsWaitingMax) return this.#options.onDropped()
    this.#queue.push(notice)
    this.#writing ??= this.#write()
  }

  /** What is there is written once more; what cannot be is lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#writing
  }

  async #write(): Promise<void> {
    await Promise.resolve() // whoever notices goes on first
    for (let notice = this.#queue[0]; notice !== undefined; notice = this.#queue[0]) {
      if (await this.#kept(notice)) this.#queue.shift()
      else if (this.#stop.signal.aborted) break
      else await sleep(againMs, this.#stop.signal).catch(() => undefined)
    }
    this.#writing = undefined
  }

  /** False: the database does not answer. */
  async #kept({ occasion, ...notice }: Notice): Promise<boolean> {
    const { store, limits, newId, webhooksOf, onKept, onDropped, onError } = this.#options
    const webhooks = webhooksOf({ ...notice, ...(occasion === undefined ? {} : { occasion }) })
    // The state of a deployment is kept whoever wants to know of it.
    if (webhooks.length === 0 && !notice.deployment) return true
    const id = newId("evt")
    try {
      const isNew = await alerts.addAlert(store.system, { ...notice, id, occasion: occasion ?? id }, webhooks, limits.alertsWaitingMax)
      if (isNew) onKept()
      return true
    } catch (error) {
      onError("alerts: keep", error)
      if (isStoreError(error) && error.isAway) return false
      onDropped()
      return true
    }
  }
}
