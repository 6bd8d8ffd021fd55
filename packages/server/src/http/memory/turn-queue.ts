// Keeps what was said in answered calls: off their path, in the order of their scope, tried again while the database is away, bounded.
import { AppError, messageOf, sleep } from "../../core/index.ts"
import type { RememberTurns } from "../../agents/index.ts"
import type { CallMemories, KeptTurns, TurnsToKeep } from "./call-memories.ts"

export interface TurnQueueOptions {
  remember: RememberTurns
  /** Of which what was said waits to be kept; what comes then is not kept, and its record says so. */
  waitingMax: () => number
  /** Awaited at a shutdown. */
  background: (name: string, work: () => Promise<unknown>) => void
  onError: (what: string, error: unknown) => void
}

/** A short absence of the database, such as a failover. */
const attemptsMax = 6
const retryAfterMs = 250

export function createTurnQueue(options: TurnQueueOptions): CallMemories["keep"] {
  const last = new Map<string, Promise<void>>()
  let waiting = 0
  return (turns, tell) => {
    const { scope } = turns.asked
    if (waiting >= options.waitingMax()) return tell({ scope, ids: [], refused: "too many calls wait to be remembered" })
    waiting += 1
    const key = `${turns.caller.projectId} ${scope}`
    // Each message is indexed with the one before it.
    const work = (last.get(key) ?? Promise.resolve())
      .then(() => kept(options, turns))
      .then((result) => {
        waiting -= 1
        if (last.get(key) === work) last.delete(key)
        tell(result)
      })
    last.set(key, work)
    options.background("remembering turns", () => work)
  }
}

async function kept({ remember, onError }: TurnQueueOptions, { caller, asked }: TurnsToKeep): Promise<KeptTurns> {
  const { scope } = asked
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { scope, ...(await remember(caller, asked)) }
    } catch (error) {
      const isFinal = error instanceof AppError && error.status < 500
      if (!isFinal && attempt < attemptsMax) {
        await sleep(retryAfterMs * 2 ** (attempt - 1))
        continue
      }
      if (!isFinal) onError(`remembering turns in ${scope}`, error)
      return { scope, ids: [], refused: error instanceof AppError ? messageOf(error) : "the database did not take it" }
    }
  }
}
