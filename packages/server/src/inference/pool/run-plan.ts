// Goes the way of a plan with calls that answer as a whole: embeddings, moderations, images.
import { sleep, type Clock } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { UpstreamError } from "../upstream-error.ts"
import type { Plan } from "./types.ts"

export interface RunPlanOptions {
  clock: Clock
  signal: AbortSignal
}

export async function runPlan<T>(plan: Plan, { clock, signal }: RunPlanOptions, work: (deployment: Deployment) => Promise<T>): Promise<T> {
  let deployment = plan.first()
  for (;;) {
    const startedAt = clock.monotonic()
    plan.started(deployment)
    try {
      const answer = await work(deployment)
      plan.finished(deployment, { ms: clock.monotonic() - startedAt, outputTokens: 0 })
      return answer
    } catch (thrown) {
      const error = thrown instanceof UpstreamError && !signal.aborted ? thrown : undefined
      plan.finished(deployment, { ...(error ? { error } : { cancelled: true }), ms: clock.monotonic() - startedAt, outputTokens: 0 })
      const next = error && plan.afterFailure(deployment, error)
      if (!next) throw thrown
      if (next.delayMs > 0) await sleep(next.delayMs, signal)
      deployment = next.deployment
    }
  }
}
