// Gives a call its memory before anything else is done with it, where it has one.
import { openMemory } from "./call-memory.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import type { Asked } from "./prepare.ts"
import { refuse, told } from "./refuse.ts"
import type { FilesByMessage } from "./stored-files.ts"
import { AppError } from "../../core/index.ts"

/** Throws for a wish that cannot be. What it may add to the input is reserved with the rest. */
export function rememberedBy(
  dependencies: LightRunDependencies,
  dialect: ClientDialect,
  call: LightCall,
  { asked, files }: { asked: Asked; files: FilesByMessage | undefined },
): void {
  const { memories, limits, clock } = dependencies
  const { memory } = dialect
  if (!memory) return
  call.memory = openMemory(
    memories,
    { dialect: { ...dialect, memory }, call, files, waitMsMax: limits.memoryWaitMsMax, now: () => clock.now() },
    asked,
  )
  if (call.memory) call.request.inputTokensEstimated += call.memory.tokensMax
}

export function withMemory(dependencies: LightRunDependencies, call: LightCall, asked: Asked, go: (given: Asked) => void): void {
  const { memory, hot } = call
  if (!memory) return go(asked)
  memory
    .give(asked)
    .then((given) => {
      if (hot.response.destroyed)
        call.settle("cancelled", 499, told(new AppError("client_closed_request", "the client closed the connection")))
      else go(given)
    })
    .catch((error: unknown) => refuse(dependencies, hot, call, error))
}
