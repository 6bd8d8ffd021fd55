// Memory of chat completions and messages, constructed over context and the gate; which calls have it follows the configuration.
import { contextAssembler, turnKeeper } from "../agents/index.ts"
import type { Config } from "../config/index.ts"
import type { ContextServices } from "../context/index.ts"
import { createDefaultMemories, createTurnQueue, type CallMemories } from "../http/index.ts"
import type { Gate } from "../security/index.ts"
import type { Shared } from "./services.ts"

export interface ComposedMemories {
  memories: CallMemories
  /** Which calls have memory by another configuration; what it returns puts that into force. */
  prepare(config: Config): () => void
}

export interface CallMemoryParts {
  context: Pick<ContextServices, "assembler" | "memories">
  gate: Gate
  background: (name: string, work: () => Promise<unknown>) => void
}

export function composeCallMemories(shared: Shared, config: Config, { context, gate, background }: CallMemoryParts): ComposedMemories {
  const { limits, onError } = shared
  const defaults = createDefaultMemories(config.memory.calls)
  const remember = turnKeeper(context.memories, gate)
  const keep = createTurnQueue({ remember, background, onError, waitingMax: () => limits.memoryTurnsWaitingMax })
  const memories: CallMemories = {
    get isEmpty() {
      return defaults.isEmpty
    },
    defaultOf: (call) => defaults.defaultOf(call),
    assemble: contextAssembler(context.assembler, gate),
    keep,
  }
  return { memories, prepare: (next) => () => defaults.replace(next.memory.calls) }
}
