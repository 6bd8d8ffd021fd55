// Betas that a cloud has refused: known for a while, so that a client that names them in every request is not refused each time first.
import type { Clock, Limits } from "../../core/index.ts"

export interface RefusedBetas {
  /** Those to send to this deployment. */
  withoutRefused(deploymentId: string, betas: readonly string[]): readonly string[]
  /** The deployment refused a request. False where it was sent no betas, so that nothing is left to leave out. */
  refused(deploymentId: string, request: RefusedRequest): boolean
}

export interface RefusedRequest {
  /** That the client names. */
  betas: readonly string[]
  /** Those of them that the deployment was asked with: other calls may have found more of them refused since. */
  sent: readonly string[]
  message: string
}

export interface RefusedBetasOptions {
  clock: Clock
  limits: Pick<Limits, "refusedBetasMax" | "refusedBetasMs">
}

/** Refusals of one set that may name one beta at a time; after them the rest is left out, so that the first request is answered too. */
const namingMax = 3

interface Refusal {
  leftOut: ReadonlySet<string>
  /** Refusals that said something new. */
  refusals: number
  untilMs: number
}

/**
 * Vertex names what it does not know, Bedrock does not. So a refusal is remembered for exactly the betas that were named together: what
 * one client makes up must not take from another what the cloud has.
 */
export function createRefusedBetas({ clock, limits }: RefusedBetasOptions): RefusedBetas {
  /** The oldest first. */
  const refusals = new Map<string, Refusal>()
  const known = (key: string): Refusal | undefined => {
    const refusal = refusals.get(key)
    return refusal && refusal.untilMs > clock.monotonic() ? refusal : undefined
  }
  const remember = (key: string, leftOut: ReadonlySet<string>, count: number): void => {
    refusals.delete(key)
    refusals.set(key, { leftOut, refusals: count, untilMs: clock.monotonic() + limits.refusedBetasMs })
    for (const oldest of refusals.keys()) {
      if (refusals.size <= limits.refusedBetasMax) break
      refusals.delete(oldest)
    }
  }
  return {
    withoutRefused: (deploymentId, betas) => {
      if (refusals.size === 0 || betas.length === 0) return betas
      const without = known(keyOf(deploymentId, betas))?.leftOut ?? none
      return betas.filter((beta) => !without.has(beta))
    },
    refused: (deploymentId, { betas, sent, message }) => {
      if (sent.length === 0) return false
      const key = keyOf(deploymentId, betas)
      const { leftOut = none, refusals: before = 0 } = known(key) ?? {}
      const named = sent.filter((beta) => message.includes(beta))
      const more = named.length > 0 && before < namingMax ? named : sent
      if (more.some((beta) => !leftOut.has(beta))) remember(key, new Set([...leftOut, ...more]), before + 1)
      return true
    },
  }
}

const none: ReadonlySet<string> = new Set()

function keyOf(deploymentId: string, betas: readonly string[]): string {
  return `${deploymentId}\n${betas.join(",")}`
}
