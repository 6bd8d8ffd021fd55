// Claims queued runs while there is room: one claim at a time, and another when something came meanwhile.
import { executors, runEvents, type Store } from "../store/index.ts"
import type { Claimed } from "./loaded.ts"
import { toEvent, toRun } from "./rows.ts"
import type { RunDefinition } from "./types.ts"

export interface ClaimsOptions {
  store: Store
  /** Nothing is claimed before. */
  ready: () => Promise<void>
  /** How many runs there is room for; none while nothing may be executed here. */
  room: () => number
  executorId: () => string
  definitions: () => readonly RunDefinition[]
  onClaimed: (claimed: Claimed) => void
  onError: (what: string, error: unknown) => void
}

export class Claims {
  readonly #options: ClaimsOptions
  #claiming = false
  #again = false

  constructor(options: ClaimsOptions) {
    this.#options = options
  }

  /** There may be something to claim that no claim has looked for yet. */
  get pending(): boolean {
    return this.#again
  }

  /** There may be something to claim. */
  soon(): void {
    this.#again = true
    if (this.#claiming || this.#options.room() <= 0) return
    this.#claiming = true
    void this.#claim()
      .catch((error: unknown) => this.#options.onError("claim of queued runs", error))
      .finally(() => {
        this.#claiming = false
        if (this.#again) this.soon()
      })
  }

  async #claim(): Promise<void> {
    const { store, ready, room, executorId, definitions, onClaimed } = this.#options
    await ready()
    while (this.#again) {
      const limit = Math.min(room(), claimRunsMax)
      if (limit <= 0) return
      this.#again = false
      const claimed = await claimRuns(store, executorId(), definitions(), limit)
      if (claimed.length === limit) this.#again = true
      for (const each of claimed) onClaimed(each)
    }
  }
}

/** With what earlier attempts wrote of them. */
async function claimRuns(store: Store, executorId: string, definitions: readonly RunDefinition[], limit: number): Promise<Claimed[]> {
  const kinds = definitions.map((definition) => definition.kind)
  const names = definitions.map((definition) => definition.name)
  const rows = await executors.claim(store.system, executorId, kinds, names, limit)
  if (rows.length === 0) return []
  const logs = await logsOf(store, rows)
  return rows.flatMap((row) => {
    if (row.token === null) return []
    const run = toRun(row)
    const history = (logs.get(row.id) ?? []).map((event) => toEvent(event, run.label))
    const lease = { runId: run.id, projectId: run.projectId, parentId: run.parentId, token: row.token, attempt: run.attempt }
    const { deadlineAt, cancelReason } = row
    return [{ run, lease, history, lastSeq: history.at(-1)?.seq ?? 0, deadlineAt, cancelReason }]
  })
}

async function logsOf(store: Store, rows: readonly { id: string }[]): Promise<Map<string, runEvents.StoredEvent[]>> {
  const logs = new Map<string, runEvents.StoredEvent[]>()
  const ids = rows.map((row) => row.id)
  for (const event of await runEvents.journalsOf(store.system, ids)) {
    const log = logs.get(event.runId)
    if (log) log.push(event)
    else logs.set(event.runId, [event])
  }
  return logs
}

const claimRunsMax = 64
