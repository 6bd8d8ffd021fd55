// Betas that a cloud has refused: known for a while, so that a client that names them in every request is not refused each time first.
import type { Clock, Limits } from "../../core/index.ts"

export interface RefusedBetas {
  /** Those to send to this deployment. */
  withoutRefused(deploymentId: string, betas: readonly string[]): readonly string[]
  /** The deployment refused a request with these betas. False where it was sent none of them, so that nothing is left to leave out. */
  refused(deploymentId: string, betas: readonly string[], message: string): boolean
}

export interface RefusedBetasOptions {
  clock: Clock
  limits: Pick<Limits, "refusedBetasMax" | "refusedBetasMs">
}

interface Refusal {
  leftOut: ReadonlySet<string>
  untilMs: number
}

/**
 * Vertex names what it does not know, Bedrock does not. So a refusal is remembered for exactly the betas that were named together: what
 * one client makes up must not take from another what the cloud has.
 */
export function createRefusedBetas({ clock, limits }: RefusedBetasOptions): RefusedBetas {
  /** The oldest first. */
  const refusals = new Map<string, Refusal>()
  const leftOut = (key: string): ReadonlySet<string> => {
    const known = refusals.get(key)
    return known && known.untilMs > clock.monotonic() ? known.leftOut : none
  }
  const withoutRefused = (deploymentId: string, betas: readonly string[]): readonly string[] => {
    if (refusals.size === 0 || betas.length === 0) return betas
    const without = leftOut(keyOf(deploymentId, betas))
    return betas.filter((beta) => !without.has(beta))
  }
  return {
    withoutRefused,
    refused: (deploymentId, betas, message) => {
      const sent = withoutRefused(deploymentId, betas)
      if (sent.length === 0) return false
      const named = sent.filter((beta) => message.includes(beta))
      const key = keyOf(deploymentId, betas)
      const all = new Set([...leftOut(key), ...(named.length > 0 ? named : sent)])
      refusals.delete(key)
      refusals.set(key, { leftOut: all, untilMs: clock.monotonic() + limits.refusedBetasMs })
      for (const oldest of refusals.keys()) {
        if (refusals.size <= limits.refusedBetasMax) break
        refusals.delete(oldest)
      }
      return true
    },
  }
}

const none: ReadonlySet<string> = new Set()

function keyOf(deploymentId: string, betas: readonly string[]): string {
  return `${deploymentId}\n${betas.join(",")}`
}
