// What the inference routes need of memory: which calls use it without saying so, what they are given, and what is kept of them.
import type { AssembleContext, MemoryWish, RememberTurns } from "../../agents/index.ts"
import type { JsonObject } from "../../core/index.ts"
import type { Principal } from "../../security/index.ts"

/** Which call it is, as the configuration tells calls apart. */
export interface MemoryCall {
  principal: Principal
  /** The model's own name. */
  model: string
  /** The end user: of its key, else the one that it names. */
  user: string | null
}

/** What the configuration says of a call. `skipped`: it has memory, but not for this one, and why. */
export type DefaultMemory = { wish: MemoryWish } | { skipped: string } | undefined

export interface TurnsToKeep {
  caller: Parameters<RememberTurns>[0]
  asked: Parameters<RememberTurns>[1]
}

/** What became of the turns of one call; kept with its record. */
export interface KeptTurns extends JsonObject {
  scope: string
  ids: readonly string[]
  /** Why they are not kept; null when they are. */
  refused: string | null
}

export interface CallMemories {
  /** No call has memory unless it says so itself. */
  readonly isEmpty: boolean
  defaultOf(call: MemoryCall): DefaultMemory
  assemble: AssembleContext
  /** Calls back when the turns are committed, or never will be. Never throws. */
  keep(turns: TurnsToKeep, tell: (kept: KeptTurns) => void): void
}
