// What a loaded run waits for: times, signals, children. In memory only while something else of the run is busy; otherwise it is the row's.
import type { JsonValue } from "../core/index.ts"
import type { Execution } from "./execution.ts"

export interface Wait {
  /** Database time at which it is due. */
  until: number | null
  signal?: { name: string; after: number }
  childId?: string
}

/** Waits shorter than this stay in memory: unloading costs more. */
const shortWaitMs = 250
const timerMsMax = 2 ** 31 - 1

export class Waits {
  readonly #execution: Execution
  readonly #pending = new Set<{ wait: Wait; resolve: () => void; reject: (error: Error) => void }>()
  #timer: NodeJS.Timeout | undefined

  constructor(execution: Execution) {
    this.#execution = execution
  }

  get size(): number {
    return this.#pending.size
  }

  /** Resolves when it is time to look again: due, or something happened. The run may leave memory meanwhile; then it never resolves. */
  add(wait: Wait): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => this.#pending.add({ wait, resolve, reject }))
    this.#execution.pause()
    this.#arm()
    return promise
  }

  /** Something happened to the run: everybody looks again. */
  poke(): void {
    this.#take(() => true)
  }

  rejectAll(error: Error): void {
    for (const pending of this.#pending) {
      this.#pending.delete(pending)
      this.#execution.unpause()
      pending.reject(error)
    }
    this.#arm()
  }

  forget(): void {
    this.#pending.clear()
    this.#arm()
  }

  mayUnload(): boolean {
    const next = this.#next()
    return next === null || next - this.#execution.host.databaseNow() > shortWaitMs
  }

  /** As the row keeps it. */
  stored(): { wakeAt: number | null; list: JsonValue } {
    const list: JsonValue[] = []
    for (const { wait } of this.#pending) {
      if (wait.signal) list.push({ signal: wait.signal.name, after: wait.signal.after })
      if (wait.childId !== undefined) list.push({ child: wait.childId })
    }
    return { wakeAt: this.#next(), list }
  }

  #next(): number | null {
    let next: number | null = null
    for (const { wait } of this.#pending) if (wait.until !== null && (next === null || wait.until < next)) next = wait.until
    return next
  }

  #take(which: (wait: Wait) => boolean): void {
    for (const pending of this.#pending) {
      if (!which(pending.wait)) continue
      this.#pending.delete(pending)
      this.#execution.unpause()
      pending.resolve()
    }
    this.#arm()
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = undefined
    const next = this.#next()
    if (next === null) return
    const inMs = Math.min(Math.max(0, next - this.#execution.host.databaseNow()), timerMsMax)
    this.#timer = setTimeout(() => {
      const now = this.#execution.host.databaseNow()
      this.#take((wait) => wait.until !== null && wait.until <= now)
    }, inMs + 1)
  }
}
