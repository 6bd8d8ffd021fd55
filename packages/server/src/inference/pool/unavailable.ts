// Says why nothing can be tried now, and when it can again.
import { AppError } from "../../core/index.ts"
import type { UpstreamRefusal } from "../../accounting/index.ts"
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

interface Known {
  states: DeploymentStates
  now: number
  /** By a limit of the deployment or its provider. */
  refusalOf: (deployment: Deployment) => UpstreamRefusal | undefined
}

export function nothingReady(model: Model, stages: readonly Stage[], { states, now, refusalOf }: Known): AppError {
  const deployments = stages.flatMap((stage) => stage.deployments)
  const refusals = deployments.map(refusalOf)
  const reasons = deployments.map((deployment, index) => {
    const refusal = refusals[index]
    return refusal ? refused(deployment, refusal) : reasonOf(deployment, states.of(deployment, now), now)
  })
  const said = `no deployment of "${model.name}" can be asked now: ${listed(reasons)}`
  // Waiting does not help before a window ends.
  if (reasons.every(({ waitMs }) => waitMs === Infinity)) return new AppError("insufficient_quota", said, { hint: hintOf(refusals) })
  const retryAfterMs = Math.max(1, Math.min(...reasons.map(({ waitMs }) => waitMs)))
  const isLimited = reasons.every(({ isLimit }) => isLimit)
  return new AppError(isLimited ? "rate_limit_exceeded" : "overloaded", said, {
    retryAfterMs,
    hint: `Try again in ${seconds(retryAfterMs)}.`,
  })
}

function listed(reasons: readonly Reason[]): string {
  const shown = reasons.slice(0, shownMax).map(({ text }) => text)
  return [...shown, ...(reasons.length > shownMax ? [`and ${reasons.length - shownMax} more`] : [])].join(", ")
}

/** Nothing of what was used: others did, too. */
function refused({ id }: Deployment, { limit, of, reason, retryAfterMs = Infinity, resetsAt }: UpstreamRefusal): Reason {
  const named = `the limit "${limit}" of ${of === "provider" ? "its provider" : "it"}`
  const until = resetsAt === null ? "" : ` until ${new Date(resetsAt).toISOString()}`
  const texts = {
    "used up": `"${id}" is not asked${until}: ${named} is used up, or leaves too little for this call`,
    "too large": `"${id}" is not asked: ${named} is less than this call may use`,
    held: `"${id}" is not asked: calls under way hold what is left of ${named}`,
    wait: `"${id}" is not asked for ${seconds(retryAfterMs)}: ${named} has no room`,
  }
  return { text: texts[reason], waitMs: retryAfterMs, isLimit: true }
}

/** All of them are used up: when the first one begins anew, and where to allow more. */
function hintOf(refusals: readonly (UpstreamRefusal | undefined)[]): string {
  const [first] = refusals
  const ends = refusals.flatMap((refusal) => refusal?.resetsAt ?? [])
  const raise = `raise the limit (${first?.origin ?? "budgets"}), or give the model a deployment of another provider`
  return ends.length === 0
    ? `Send less, ask for fewer output tokens (max_tokens), or ${raise}.`
    : `It begins anew at ${new Date(Math.min(...ends)).toISOString()}; or ${raise}.`
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
