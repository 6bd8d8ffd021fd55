// One transaction on the embedded engine's only connection: committed, rolled back, or taken away from who holds it too long.
import { connectionError, StoreError } from "../errors.ts"
import type { Queryable, SqlValue } from "../port.ts"
import type { Turn } from "./host.ts"
import type { PgliteSession } from "./session.ts"

export interface TransactionParts<T> {
  readonly session: PgliteSession
  readonly turn: Turn
  /** Everybody else waits as long as this transaction is open. */
  readonly limitMs: number | undefined
  readonly work: (tx: Queryable, turn: Turn) => Promise<T>
  /** Called once it is committed. */
  readonly committed?: (tx: Queryable) => void
}

/** Runs `work` after `begin`. */
export async function runTransaction<T>(parts: TransactionParts<T>): Promise<T> {
  const { session, turn, limitMs, work, committed } = parts
  let state: "open" | "ended" | "expired" = "open"
  const tx: Queryable = {
    query: async <Row extends object>(text: string, values: readonly SqlValue[] = []) => {
      if (state === "expired") throw expired(limitMs)
      if (state === "ended") throw connectionError("The transaction has ended: a statement came after it", false)
      return (await session.query(turn, text, values)) as Row[]
    },
  }
  const rollback = (): Promise<void> => session.script(turn, "rollback").catch(() => undefined)
  const expire = async (): Promise<void> => {
    state = "expired"
    await rollback()
    turn.release()
  }
  const timer = limitMs === undefined ? undefined : setTimeout(() => void expire(), limitMs)
  try {
    const result = await work(tx, turn)
    if (stateOf() === "expired") throw expired(limitMs)
    state = "ended"
    await session.script(turn, "commit")
    committed?.(tx)
    return result
  } catch (error) {
    if (stateOf() !== "expired") {
      state = "ended"
      await rollback()
    }
    throw error
  } finally {
    clearTimeout(timer)
  }

  // Read through a function: the compiler doesn't see that the timer changes it.
  function stateOf(): "open" | "ended" | "expired" {
    return state
  }
}

function expired(limitMs: number | undefined): StoreError {
  return new StoreError("database_timeout", `The transaction was open for more than ${limitMs} ms and was rolled back`, {
    hint: "A transaction holds the embedded database's only connection: don't wait for anything but `tx` inside it, nor use the store directly.",
  })
}
