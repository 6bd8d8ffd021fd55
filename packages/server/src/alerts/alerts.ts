// Alerts of one process: what notices, what keeps, what delivers, and who is to be told.
import type { BudgetWatch } from "../accounting/index.ts"
import type { AlertConfig, AlertType } from "../config/index.ts"
import { repeated, type Clock, type Limits, type NewId } from "../core/index.ts"
import { alerts as table, type Store } from "../store/index.ts"
import type { BusinessEvents, Logger } from "../telemetry/index.ts"
import { createBudgetWatch } from "./budgets.ts"
import { Deliveries } from "./deliveries.ts"
import { createDeploymentWatch, type DeploymentWatch } from "./deployments.ts"
import { expiringKeyNotices } from "./expiring-keys.ts"
import { Notices } from "./notices.ts"
import { createSend } from "./send.ts"
import type { Notice } from "./types.ts"

export interface Alerts extends AsyncDisposable {
  readonly budgets: BudgetWatch
  readonly deployments: Pick<DeploymentWatch, "circuitChanged" | "answered">
  /** Alerts that are not in the database yet. */
  readonly waiting: number
  /** Webhooks from now on. */
  replace(webhooks: readonly AlertConfig[]): void
}

interface AlertsOptions {
  webhooks: readonly AlertConfig[]
  store: Pick<Store, "system">
  limits: Limits
  clock: Clock
  newId: NewId
  random: () => number
  logger: Pick<Logger, "warn">
  events: Pick<BusinessEvents, "alertAttempted">
  onError: (what: string, error: unknown) => void
}

/** Between two looks at deployments of which another process told. */
const lookMs = 60_000
const keysLookMs = 60 * 60 * 1000
const deploymentsKeptMs = 7 * 24 * 60 * 60 * 1000

export function openAlerts(options: AlertsOptions): Alerts {
  return new ProcessAlerts(options)
}

class ProcessAlerts implements Alerts {
  readonly budgets: BudgetWatch
  readonly deployments: DeploymentWatch
  readonly #options: AlertsOptions
  readonly #notices: Notices
  readonly #deliveries: Deliveries
  readonly #looking: readonly AsyncDisposable[]
  #webhooks: readonly AlertConfig[] = []
  #wanted: ReadonlySet<AlertType> = new Set()

  constructor(options: AlertsOptions) {
    this.#options = options
    const { limits, clock, events, webhooks } = options
    const now = (): number => clock.now()
    const notice = (each: Notice): void => {
      if (each.deployment ? this.#wantsDeployments() : this.#wanted.has(each.type)) this.#notices.add(each)
    }
    this.#deliveries = new Deliveries({
      ...options,
      send: createSend({ limits, now }),
      onAttempt: (outcome) => events.alertAttempted(outcome),
    })
    this.#notices = new Notices({
      ...options,
      webhooksOf: (each) => webhooksOf(this.#webhooks, each),
      onKept: () => this.#deliveries.wake(),
      onDropped: () => events.alertAttempted("dropped"),
    })
    this.budgets = createBudgetWatch({ isWanted: (type) => this.#wanted.has(type), notice })
    this.deployments = createDeploymentWatch({ limits, now, notice })
    this.replace(webhooks)
    const look = (everyMs: number, work: () => Promise<void>): AsyncDisposable =>
      repeated(everyMs, () => work().catch((error: unknown) => options.onError("alerts: look", error)))
    this.#looking = [look(lookMs, () => this.#look()), look(keysLookMs, () => this.#lookAtKeys(notice))]
  }

  get waiting(): number {
    return this.#notices.waiting
  }

  replace(webhooks: readonly AlertConfig[]): void {
    this.#webhooks = webhooks
    this.#wanted = new Set(webhooks.flatMap(({ on }) => on))
    this.#deliveries.replace(webhooks)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.deployments[Symbol.dispose]()
    for (const looking of this.#looking) await looking[Symbol.asyncDispose]()
    await this.#notices[Symbol.asyncDispose]()
    await this.#deliveries[Symbol.asyncDispose]()
  }

  #wantsDeployments(): boolean {
    return this.#wanted.has("deployment.down") || this.#wanted.has("deployment.up")
  }

  async #look(): Promise<void> {
    if (this.#webhooks.length === 0) return
    const { system } = this.#options.store
    if (this.#wantsDeployments()) this.deployments.knownDown(await table.downDeployments(system))
    await table.sweepAlerts(system, deploymentsKeptMs)
  }

  async #lookAtKeys(notice: (each: Notice) => void): Promise<void> {
    if (this.#wanted.has("key.expiring")) for (const each of await expiringKeyNotices(this.#options.store.system)) notice(each)
  }
}

/** A webhook of one project hears of that project alone. */
function webhooksOf(webhooks: readonly AlertConfig[], { type, projectId }: Notice): string[] {
  return webhooks.filter(({ on, project }) => on.includes(type) && (project === null || project === projectId)).map(({ name }) => name)
}
