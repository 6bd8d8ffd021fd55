// Compacts scopes in the background, and moves the vectors of those that have grown large, one after the other, when writers and searches say that it may be due.
import { messageOf } from "../../core/index.ts"
import type { ScopeKey, Store } from "../../store/index.ts"
import { compactScope } from "./compaction.ts"
import { moveLargeScope } from "./vector-growth.ts"

export interface Compactor extends AsyncDisposable {
  /** Looks at the scope soon; it may not be due. */
  wish(key: ScopeKey): void
  /** Resolves when nothing is waiting. */
  settled(): Promise<void>
}

/** Scopes that wait at most; later wishes are forgotten, and come again with later writes. */
const waitingMax = 1_000
/** A writer wishes inside its transaction, so its document is committed a little later. */
const delayMs = 20

export function createCompactor(
  store: Pick<Store, "project" | "capabilities">,
  onError: (what: string, message: string) => void,
): Compactor {
  const waiting = new Map<string, ScopeKey>()
  let work: Promise<void> | undefined
  let closed = false

  const run = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    for (const [name, key] of waiting) {
      waiting.delete(name)
      if (closed) continue
      try {
        await compactScope(store, key)
        if (store.capabilities.vector) await moveLargeScope(store, key)
      } catch (error) {
        onError(`compacting the index of ${key.scopeId}`, messageOf(error))
      }
    }
    work = undefined
    if (waiting.size > 0) start()
  }
  const start = (): void => {
    work ??= run()
  }
  return {
    wish({ projectId, scopeId }) {
      if (closed || waiting.size >= waitingMax) return
      waiting.set(`${projectId} ${scopeId}`, { projectId, scopeId })
      start()
    },
    async settled() {
      while (work !== undefined) await work
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await this.settled()
    },
  }
}
