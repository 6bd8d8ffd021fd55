// Says why nothing can be tried now, and when it can again.
import { AppError } from "../../core/index.ts"
import type { Deployment, Model } from "../types.ts"
import type { Stage } from "./stages.ts"
import type { DeploymentState } from "./state.ts"
import type { DeploymentStates } from "./states.ts"

const shownMax = 5
/** For what ends when another call ends. */
const soonMs = 1_000

export function nothingReady(model: Model, stages: readonly Stage[], { states, now }: { states: DeploymentStates; now: number }): AppError {
  const reasons = stages
    .flatMap(({ deployments }) => deployments)
    .map((deployment) => reasonOf(deployment, states.of(deployment, now), now))
  const retryAfterMs = Math.max(1, Math.min(...reasons.map(({ waitMs }) => waitMs)))
  const isLimited = reasons.every(({ isLimit }) => isLimit)
  const shown = reasons.slice(0, shownMax).map(({ text }) => text)
  const more = reasons.length > shownMax ? `, and ${reasons.length - shownMax} more` : ""
  return new AppError(
    isLimited ? "rate_limit_exceeded" : "overloaded",
    `no deployment of "${model.name}" can be asked now: ${shown.join(", ")}${more}`,
    { retryAfterMs, hint: `Try again in ${seconds(retryAfterMs)}.` },
  )
}

interface Reason {
  text: string
  waitMs: number
  isLimit: boolean
}

function reasonOf(deployment: Deployment, state: DeploymentState, now: number): Reason {
  const waitMs = state.waitMs(deployment, now, undefined)
  const { breaker, lastError } = state
  if (state.coolDownUntil > now)
    return {
      text: `"${deployment.id}" cools down for ${seconds(waitMs)} (${lastError?.error.code ?? "rate limit"})`,
      waitMs,
      isLimit: true,
    }
  if (waitMs > 0) return { text: `"${deployment.id}" is at its limit per minute`, waitMs, isLimit: true }
  if (breaker.openUntil === undefined)
    return { text: `"${deployment.id}" has ${state.inFlight} calls under way, as many as it may`, waitMs: soonMs, isLimit: true }
  const why = breaker.openedBy === "probe" ? "it answers no probe" : (lastError?.error.code ?? "failures")
  return {
    text: `"${deployment.id}" is left alone after failing (${why})`,
    waitMs: Math.max(soonMs, breaker.openUntil - now),
    isLimit: false,
  }
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`
}
