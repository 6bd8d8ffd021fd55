// The clock of an open stream: its head goes out when the hold-back is over; a deployment that says nothing is given up, and an answer without an end ends; comments keep it open.
import { timedOut, UpstreamError } from "../../inference/index.ts"
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
  const { headHoldMs, firstTokenTimeoutMs, totalTimeoutMs } = limits
  const stream: Swept = {
    sweep(now) {
      const { deployment, triedAt } = call
      if (deployment && triedAt !== undefined && !call.firstTokenSeen && !client.ended) {
        const limitMs = deployment.timeouts?.firstTokenMs ?? firstTokenTimeoutMs
        if (now - triedAt >= limitMs) return onTimeout(timedOut(deployment, "token", limitMs))
      }
      if (now - startedAt >= totalTimeoutMs && !client.ended) return onTimeout(endless(call, totalTimeoutMs))
      if (now - startedAt >= headHoldMs) client.sendHead()
      client.keepAlive(now)
    },
  }
  sweep.add(stream)
  response.on("close", () => sweep.remove(stream))
}

function endless(call: LightCall, limitMs: number): UpstreamError {
  return new UpstreamError(
    "upstream_timeout",
    `the provider of "${call.deployment?.id ?? call.request.model}" had not ended its answer after ${limitMs} ms`,
    { retryable: false, hint: 'The limit is "totalTimeoutMs" of the configuration.' },
  )
}
