// The clock of an open stream: its head goes out when the hold-back is over; a deployment that says nothing is given up; comments keep it open.
import { timedOut, type UpstreamError } from "../../inference/index.ts"
import type { ClientStream } from "./client-stream.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import type { Swept } from "./sweep.ts"

/** Until the answer is closed. */
export function watchStream(
  { sweep, limits }: LightRunDependencies,
  call: LightCall,
  client: ClientStream,
  onTimeout: (error: UpstreamError) => void,
): void {
  const { startedAt, response } = call.hot
  const { headHoldMs, firstTokenTimeoutMs } = limits
  const stream: Swept = {
    sweep(now) {
      const { deployment, triedAt } = call
      if (deployment && triedAt !== undefined && !call.firstTokenSeen && !client.ended) {
        const limitMs = deployment.timeouts?.firstTokenMs ?? firstTokenTimeoutMs
        if (now - triedAt >= limitMs) return onTimeout(timedOut(deployment, "token", limitMs))
      }
      if (now - startedAt >= headHoldMs) client.sendHead()
      client.keepAlive(now)
    },
  }
  sweep.add(stream)
  response.on("close", () => sweep.remove(stream))
}
