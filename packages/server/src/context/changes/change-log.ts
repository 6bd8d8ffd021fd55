// The change log as its readers see it: pages after a cursor, a stream that never ends, and the wait for a change that somebody was told of.
import { AppError, type Limits } from "../../core/index.ts"
import { changes, type ChangeHead, type Store, type StoredChange } from "../../store/index.ts"
import type { RequireScope } from "../scope-access.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { WakeUps } from "./wake-ups.ts"

export interface ChangePage {
  changes: StoredChange[]
  /** What to ask for next: the last number of the page, or where the reader was. */
  next: number
  /** The last number of the scope. */
  head: number
}

export interface ChangePlace {
  projectId: string
  scope: string
}

/** Whose scope is read, and by whom. */
export interface ChangeRequest {
  caller: MemoryCaller
  scope: string
}

export interface ChangeLog extends AsyncDisposable {
  /** The scope's place; throws for a caller that may not read it. */
  place(request: ChangeRequest): Promise<ChangePlace>
  /** Changes after a number, oldest first. With `waitMs` it waits for the first when there is none. */
  page(place: ChangePlace, after: number, options: { limit: number; waitMs?: number; signal?: AbortSignal }): Promise<ChangePage>
  /** Every change after a number, as it is committed, until the signal aborts: none is missed, none comes twice. */
  follow(place: ChangePlace, after: number, signal: AbortSignal): AsyncGenerator<StoredChange>
  /** Resolves when the change with that number is committed; rejects when it does not come in time. */
  readAfter(place: ChangePlace, seq: number, signal: AbortSignal): Promise<void>
  cursor(place: ChangePlace, reader: string): Promise<number>
  moveCursor(place: ChangePlace, reader: string, seq: number): Promise<number>
}

export interface ChangeLogOptions {
  store: Store
  requireScope: RequireScope
  limits: Pick<Limits, "changePollMs" | "changeWaitMsMax">
  onError: (what: string, error: unknown) => void
}

const rowsPerRead = 500
/** A stream looks by itself after this time, whatever it was told. */
const followWaitMs = 15_000

export function createChangeLog(options: ChangeLogOptions): ChangeLog {
  return new ChangeLogReader(options)
}

class ChangeLogReader implements ChangeLog {
  readonly #store: Store
  readonly #limits: ChangeLogOptions["limits"]
  readonly #wakeUps: WakeUps
  readonly #requireScope: RequireScope

  constructor(options: ChangeLogOptions) {
    this.#store = options.store
    this.#limits = options.limits
    this.#requireScope = options.requireScope
    this.#wakeUps = new WakeUps(options)
  }

  async place({ caller, scope }: ChangeRequest): Promise<ChangePlace> {
    const { projectId } = caller
    return { projectId, scope: await this.#requireScope(this.#store.project(projectId), caller, scope, "read") }
  }

  async page(place: ChangePlace, after: number, options: { limit: number; waitMs?: number; signal?: AbortSignal }): Promise<ChangePage> {
    const { limit, waitMs = 0, signal } = options
    const first = await this.#read(place, after, limit)
    if (first.changes.length > 0 || waitMs === 0) return first
    const time = AbortSignal.timeout(Math.min(waitMs, this.#limits.changeWaitMsMax))
    for await (const page of this.#pages(place, after, limit, signal === undefined ? time : AbortSignal.any([signal, time]))) return page
    return first
  }

  async *follow(place: ChangePlace, after: number, signal: AbortSignal): AsyncGenerator<StoredChange> {
    for await (const page of this.#pages(place, after, rowsPerRead, signal)) yield* page.changes
  }

  async readAfter(place: ChangePlace, seq: number, signal: AbortSignal): Promise<void> {
    const head = async (): Promise<number> =>
      (await changes.changeHead(this.#store.project(place.projectId), place.projectId, place.scope)).seq
    if ((await head()) >= seq) return
    const time = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.changeWaitMsMax)])
    const waiter = await this.#wakeUps.watch(place.projectId, place.scope)
    try {
      while ((await head()) < seq) {
        if (time.aborted) throw notInTime(place.scope, seq)
        await waiter.wait(time, followWaitMs)
      }
    } finally {
      waiter.end()
    }
  }

  cursor({ projectId, scope }: ChangePlace, reader: string): Promise<number> {
    return changes.changeCursor(this.#store.project(projectId), projectId, reader, scope)
  }

  async moveCursor({ projectId, scope }: ChangePlace, reader: string, seq: number): Promise<number> {
    const db = this.#store.project(projectId)
    const { seq: head } = await changes.changeHead(db, projectId, scope)
    if (seq > head) throw beyond(scope, seq, head)
    return changes.moveChangeCursor(db, projectId, reader, scope, seq)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#wakeUps[Symbol.asyncDispose]()
  }

  /** Pages that are not empty. The watch begins before the first look, so that nothing falls between. */
  async *#pages(place: ChangePlace, after: number, limit: number, signal: AbortSignal): AsyncGenerator<ChangePage> {
    const waiter = await this.#wakeUps.watch(place.projectId, place.scope)
    try {
      for (let last = after; !signal.aborted;) {
        const page = await this.#read(place, last, limit)
        if (page.changes.length > 0) yield page
        last = page.next
        if (page.changes.length < limit) await waiter.wait(signal, followWaitMs)
      }
    } finally {
      waiter.end()
    }
  }

  /** In one transaction's order: the head first. What is committed in between is only more than the head promised. */
  async #read({ projectId, scope }: ChangePlace, after: number, limit: number): Promise<ChangePage> {
    const db = this.#store.project(projectId)
    const rows = await changes.changesAfter(db, projectId, scope, after, limit)
    const head = await changes.changeHead(db, projectId, scope)
    refuseUnknown(scope, after, head, rows)
    return { changes: rows, next: rows.at(-1)?.seq ?? after, head: head.seq }
  }
}

/** A reader whose next change is gone must not go on as if nothing had happened. */
function refuseUnknown(scope: string, after: number, { seq, keptFrom }: ChangeHead, rows: readonly StoredChange[]): void {
  if (after > seq) throw beyond(scope, after, seq)
  if (after + 1 < keptFrom && rows[0]?.seq !== after + 1)
    throw new AppError("stream_cursor_expired", `The changes of '${scope}' after ${after} are no longer kept; the first is ${keptFrom}.`, {
      param: "after",
      hint: `Read what the scope holds now, then follow its changes after ${seq}.`,
    })
}

function beyond(scope: string, after: number, head: number): AppError {
  return new AppError("stream_cursor_expired", `'${scope}' has no change ${after}: its last is ${head}.`, {
    param: "after",
    hint: "The number belongs to another scope or to a database that was restored. Read what the scope holds now, then follow from its head.",
  })
}

function notInTime(scope: string, seq: number): AppError {
  return new AppError("database_timeout", `The change ${seq} of '${scope}' did not become visible in time.`, {
    hint: "Check the number, or ask without it.",
    retryAfterMs: 1_000,
  })
}
