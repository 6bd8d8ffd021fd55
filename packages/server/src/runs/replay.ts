// Hands the recorded outcomes back to a body that is executed again, in the order in which they were recorded, and notices code that no longer fits.
//
// Why this is exact: a step's outcome reaches the body only when it is committed. So whatever the body had asked for when an outcome was
// recorded, it asks again after it got the earlier outcomes, without any new work being done. New keys are therefore parked until the journal
// is used up; if the body then waits and a recorded key was not asked for, the code differs from the code that wrote the journal.
import type { Entry, Journal, Outcome } from "./journal.ts"

interface Asked {
  key: string
  entry: Entry | undefined
  recorded: (outcome: Outcome) => void
  live: () => void
}

export interface Divergence {
  /** The recorded key that the code did not ask for, and where it is in the log. */
  journalKey: string
  journalSeq: number
  /** What the code asked for (or `(end)` when it returned). */
  codeKey: string
}

export class Replay {
  readonly #journal: Journal
  readonly #asked = new Map<string, Asked>()
  readonly #seen = new Set<string>()
  readonly #onDiverged: (divergence: Divergence) => void
  readonly #onLive: () => void
  #position = 0
  #stuck = 0
  #scheduled = false
  #over: boolean

  constructor(journal: Journal, onDiverged: (divergence: Divergence) => void, onLive: () => void) {
    this.#journal = journal
    this.#onDiverged = onDiverged
    this.#onLive = onLive
    this.#over = journal.entries.size === 0
  }

  /** True once the journal is used up: new keys are executed. */
  get live(): boolean {
    return this.#over
  }

  ask(asked: Asked): void {
    this.#asked.set(asked.key, asked)
    this.#seen.add(asked.key)
    this.#stuck = 0
    this.#schedule()
  }

  /** The body returned or threw: everything recorded must have been asked for. */
  bodyEnded(): Divergence | undefined {
    if (this.#over) return undefined
    const missing = this.#journal.finished[this.#position] ?? this.#unasked()
    return missing === undefined || this.#seen.has(missing.key)
      ? undefined
      : { journalKey: missing.key, journalSeq: missing.seq, codeKey: "(end)" }
  }

  stop(): void {
    this.#over = true
    this.#asked.clear()
  }

  #schedule(): void {
    if (this.#scheduled || this.#over) return
    this.#scheduled = true
    const pump = (): void => {
      this.#scheduled = false
      this.#pump()
    }
    if (this.#stuck < patientTurns) setImmediate(pump)
    else setTimeout(pump, patienceMs)
  }

  #pump(): void {
    if (this.#over) return
    const next = this.#journal.finished[this.#position]
    const missing = next ?? this.#unasked()
    if (missing === undefined) return this.#goLive()
    const asked = this.#asked.get(missing.key)
    if (asked && next?.outcome) {
      this.#asked.delete(missing.key)
      this.#position += 1
      asked.recorded(next.outcome)
      return this.#schedule()
    }
    const other = this.#asked.values().next().value
    if (other === undefined) return // the body is busy with something of its own; its next question comes back here
    this.#stuck += 1
    if (this.#stuck < patientTurns + 3) return this.#schedule()
    this.#over = true
    this.#onDiverged({ journalKey: missing.key, journalSeq: missing.seq, codeKey: this.#firstNew() ?? other.key })
  }

  #goLive(): void {
    this.#over = true
    const waiting = [...this.#asked.values()]
    this.#asked.clear()
    for (const asked of waiting) asked.live()
    this.#onLive()
  }

  #unasked(): Entry | undefined {
    for (const entry of this.#journal.entries.values()) if (!this.#seen.has(entry.key)) return entry
    return undefined
  }

  #firstNew(): string | undefined {
    for (const asked of this.#asked.values()) if (!asked.entry) return asked.key
    return undefined
  }
}

const patientTurns = 3
const patienceMs = 20
