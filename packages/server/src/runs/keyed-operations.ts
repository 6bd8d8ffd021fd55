// The operations of a body by their keys: each key once; a recorded outcome is handed back, what is not recorded is done now.
import { AppError, type JsonValue } from "../core/index.ts"
import type { Execution } from "./execution.ts"
import type { Entry, OperationKind } from "./journal.ts"
import { settled } from "./outcomes.ts"
import { Replay, type Divergence } from "./replay.ts"
import { never } from "./step-error.ts"

export type Live = (entry: Entry | undefined) => Promise<JsonValue | undefined>

export class KeyedOperations {
  readonly #execution: Execution
  readonly #replay: Replay
  readonly #isData: boolean
  readonly #keys = new Set<string>()

  constructor(execution: Execution, style: "replay" | "data") {
    this.#execution = execution
    this.#isData = style === "data"
    this.#replay = new Replay(
      execution.journal,
      (divergence) => execution.diverged(divergence),
      () => execution.checkSuspend(),
    )
    // A data body reads its history and asks for what comes next: nothing is handed back to it in order.
    if (this.#isData) this.#replay.stop()
  }

  /** True once the journal is used up: new keys are executed. */
  get live(): boolean {
    return this.#replay.live
  }

  /** The body returned or threw. */
  bodyEnded(): Divergence | undefined {
    return this.#isData ? undefined : this.#replay.bodyEnded()
  }

  stop(): void {
    this.#replay.stop()
  }

  ask(kind: OperationKind, key: string, live: Live): Promise<JsonValue | undefined> {
    const execution = this.#execution
    if (this.#keys.has(key)) return Promise.reject(usedTwice(key, execution.run.id))
    this.#keys.add(key)
    const entry = execution.journal.entries.get(key)
    if (entry && entry.kind !== kind) {
      execution.diverged({ journalKey: `${entry.kind} ${key}`, journalSeq: entry.seq, codeKey: `${kind} ${key}` })
      return never()
    }
    if (this.#replay.live || this.#isData) return entry?.outcome ? settled(entry.outcome) : execution.busy(() => live(entry))
    return new Promise((resolve, reject) => {
      this.#replay.ask({
        key,
        entry,
        recorded: (outcome) => resolve(settled(outcome)),
        live: () => void execution.busy(() => live(entry)).then(resolve, reject),
      })
    })
  }
}

function usedTwice(key: string, runId: string): AppError {
  return new AppError("run_conflict", `the key "${key}" is used twice in run ${runId}`, {
    hint: 'add what differs to the key, such as "charge:" + id',
  })
}
