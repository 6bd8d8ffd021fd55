// Says why nothing can be tried now, and when it can again.
import { AppError } from "../../core/index.ts"
import type { Deployment, Model } from "../types.ts"
import type { UpstreamFailure } from "../upstream-error.ts"
import type { Stage } from "./stages.ts"
import type { DeploymentState } from "./state.ts"
import type { DeploymentStates } from "./states.ts"

const shownMax = 5
/** Nothing that a provider said: it may have been to another project. */
const reasons: Readonly<Record<UpstreamFailure | "probe", string>> = {
  connection: "could not be reached",
  timeout: "was silent",
  rate_limit: "was asked too much",
  quota: "has used up its quota",
  server: "failed again and again",
  credentials: "refuses our credentials",
  forbidden: "forbids the calls",
  missing: "does not have the model",
  context: "takes shorter conversations",
  content: "filtered requests",
  stream: "broke off its answers",
  request: "refused requests",
  probe: "answers no probe",
}
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
  if (state.coolDown.leftMs(now) > 0)
    return {
      text: `"${deployment.id}" cools down for ${seconds(waitMs)} (${lastError?.error.code ?? "rate limit"})`,
      // A call is let through before that, to see.
      waitMs: state.nextChanceMs(deployment, now) || soonMs,
      isLimit: true,
    }
  if (waitMs > 0) return { text: `"${deployment.id}" is at its limit per minute`, waitMs, isLimit: true }
  if (breaker.openUntil === undefined)
    return { text: `"${deployment.id}" has ${state.inFlight} calls under way, as many as it may`, waitMs: soonMs, isLimit: true }
  return {
    text: `"${deployment.id}" is left alone because it ${reasons[breaker.openedBy ?? "server"]}`,
    waitMs: Math.max(soonMs, breaker.openUntil - now),
    isLimit: false,
  }
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`
}
