// Notifications of what a transaction did, sent once it is committed, and coalesced: a NOTIFY takes a lock of the whole database at its commit.
import type { Queryable } from "./port.ts"

interface Announcement {
  channel: string
  payload: string
}

const noted = new WeakMap<Queryable, Announcement[]>()
/** Whose statements are committed when they return. */
const committing = new WeakMap<Queryable, Announcer>()

/**
 * Notifies `channel` soon after `tx` is committed, never when it is rolled back; outside of a transaction soon, so after the statement that it is about.
 * It can be lost, as any notification: poll slowly beneath.
 */
export function announce(tx: Queryable, channel: string, payload: string): void {
  const list = noted.get(tx)
  if (list === undefined) noted.set(tx, [{ channel, payload }])
  else list.push({ channel, payload })
  committing.get(tx)?.committed(tx)
}

/** Shortest time between two rounds of notifications of one process. */
const windowMs = 50

/** What one engine sends: the first at once, then one round per window, each payload once. */
export class Announcer {
  readonly #send: (list: readonly Announcement[]) => Promise<void>
  readonly #waiting = new Map<string, Announcement>()
  #timer: NodeJS.Timeout | undefined

  constructor(send: (list: readonly Announcement[]) => Promise<void>) {
    this.#send = send
  }

  /** Each statement on it commits by itself. */
  commits<T extends Queryable>(db: T): T {
    committing.set(db, this)
    return db
  }

  /** Call it after the commit. */
  committed(tx: Queryable): void {
    for (const one of noted.get(tx) ?? []) this.#waiting.set(`${one.channel} ${one.payload}`, one)
    noted.delete(tx)
    if (this.#timer === undefined) this.#round()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#waiting.clear()
  }

  #round(): void {
    this.#timer = undefined
    if (this.#waiting.size === 0) return
    const list = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#timer = setTimeout(() => this.#round(), windowMs).unref()
    void this.#send(list).catch(() => undefined) // whoever listens polls beneath
  }
}

/** One statement for a whole round. */
export async function notifyAll(db: Queryable, list: readonly Announcement[]): Promise<void> {
  await db.query("select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as u (channel, payload)", [
    list.map(({ channel }) => channel),
    list.map(({ payload }) => payload),
  ])
}
