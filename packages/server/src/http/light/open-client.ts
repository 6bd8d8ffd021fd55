// The client's side of a streamed answer, behind whatever looks at its words.
import { ClientStream } from "./client-stream.ts"
import { FilteredStream } from "./filtered-stream.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"

export function openClient({ limits, clock }: LightRunDependencies, call: LightCall, onRefusal: (error: unknown) => void): ClientStream {
  const options = {
    response: call.hot.response,
    headers: () => call.headers(),
    keepAliveMs: limits.keepAliveMs,
    now: () => clock.monotonic(),
  }
  const cared = call.care?.openFilter()
  const filter = call.memory ? call.memory.filter(cared) : cared
  return filter ? new FilteredStream({ ...options, filter, onRefusal }) : new ClientStream(options)
}
