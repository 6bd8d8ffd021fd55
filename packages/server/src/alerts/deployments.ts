// Notices when a deployment goes down and when it answers again: only what lasts, so that one that flaps is told of once.
//
//   quiet ─ circuit opens ─→ failing ─ for deploymentDownAfterMs ─→ down, told ─ answers for deploymentUpAfterMs ─→ quiet, told
//   failing ─ circuit closes ─→ quiet                              down ─ circuit opens while it answers ─→ down
//
// Which are down stands in the database: whichever process sees it first tells it, and after a restart it is known still.
import type { Limits } from "../core/index.ts"
import type { Notice } from "./types.ts"

export interface WatchedDeployment {
  readonly id: string
  readonly provider: string
}

export interface DeploymentWatch extends Disposable {
  circuitChanged(deployment: WatchedDeployment, state: "open" | "half_open" | "closed", failure: string | null): void
  /** Called for every attempt. */
  answered(deployment: WatchedDeployment): void
  /** Those of which the database knows that they are down. */
  knownDown(ids: readonly string[]): void
}

export interface DeploymentWatchOptions {
  limits: Pick<Limits, "deploymentDownAfterMs" | "deploymentUpAfterMs">
  now: () => number
  notice: (notice: Notice) => void
}

const keptMs = 30 * 24 * 60 * 60 * 1000
/** Patterns make as many deployments as there are names. */
const watchedMax = 1_000

export function createDeploymentWatch({ limits, now, notice }: DeploymentWatchOptions): DeploymentWatch {
  const failing = new Map<string, NodeJS.Timeout>()
  const returning = new Map<string, NodeJS.Timeout>()
  const down = new Set<string>()
  const tell = ({ id, provider }: WatchedDeployment, isDown: boolean, failure: string | null): void => {
    if (isDown) down.add(id)
    else down.delete(id)
    const data = { deployment: id, provider, ...(isDown ? { failure } : {}) }
    const type = isDown ? "deployment.down" : "deployment.up"
    notice({ type, projectId: null, data, keepUntil: now() + keptMs, deployment: { id, isDown } })
  }
  const opened = (deployment: WatchedDeployment, failure: string | null): void => {
    stop(returning, deployment.id)
    if (failing.has(deployment.id) || failing.size >= watchedMax) return
    const timer = setTimeout(() => tell(deployment, true, failure), limits.deploymentDownAfterMs)
    failing.set(deployment.id, timer.unref())
  }
  const answers = (deployment: WatchedDeployment): void => {
    const { id } = deployment
    if (!down.has(id) || failing.has(id) || returning.has(id)) return
    const told = (): void => {
      returning.delete(id)
      tell(deployment, false, null)
    }
    returning.set(id, setTimeout(told, limits.deploymentUpAfterMs).unref())
  }
  return {
    circuitChanged: (deployment, state, failure) => {
      if (state === "open") opened(deployment, failure)
      if (state !== "closed") return
      stop(failing, deployment.id)
      answers(deployment)
    },
    answered: (deployment) => {
      if (down.size > 0) answers(deployment)
    },
    knownDown: (ids) => {
      for (const id of down) if (!failing.has(id) && !returning.has(id)) down.delete(id)
      for (const id of ids.slice(0, watchedMax)) down.add(id)
    },
    [Symbol.dispose]: () => {
      for (const timers of [failing, returning]) for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

function stop(timers: Map<string, NodeJS.Timeout>, id: string): void {
  clearTimeout(timers.get(id))
  timers.delete(id)
}
