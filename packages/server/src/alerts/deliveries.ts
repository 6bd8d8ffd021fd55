// Brings what waits in the database to its webhooks: one at a time for each of them, again with longer waits, by whichever process is there.
import type { AlertConfig } from "../config/index.ts"
import type { Limits } from "../core/index.ts"
import { alerts, type DueDelivery, type Store } from "../store/index.ts"
import type { Logger } from "../telemetry/index.ts"
import type { Send, Sent } from "./send.ts"
import type { AlertEvent } from "./types.ts"

export interface DeliveriesOptions {
  store: Pick<Store, "system">
  send: Send
  limits: Pick<Limits, "alertAttemptsMax" | "alertRetryMs" | "alertRetryMsMax" | "alertTimeoutMs">
  random: () => number
  logger: Pick<Logger, "warn">
  onAttempt: (outcome: "sent" | "retried" | "failed") => void
  onError: (what: string, error: unknown) => void
}

/** Taken at once of one webhook; the lease covers all of them. */
const takenMax = 10
const pollMs = 10_000

export class Deliveries implements AsyncDisposable {
  readonly #options: DeliveriesOptions
  readonly #busy = new Map<string, Promise<void>>()
  readonly #again = new Set<string>()
  readonly #stop = new AbortController()
  readonly #timer: NodeJS.Timeout
  #webhooks: readonly AlertConfig[] = []

  constructor(options: DeliveriesOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.wake(), Math.min(pollMs, options.limits.alertRetryMs)).unref()
  }

  replace(webhooks: readonly AlertConfig[]): void {
    this.#webhooks = webhooks
    this.wake()
  }

  /** A webhook that is slow or away keeps no other one waiting. */
  wake(): void {
    if (this.#stop.signal.aborted) return
    for (const { name } of this.#webhooks) {
      if (this.#busy.has(name)) this.#again.add(name)
      else this.#busy.set(name, this.#work(name))
    }
  }

  /** What is being sent is broken off; it is sent again by whoever is next. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await Promise.all(this.#busy.values())
  }

  async #work(name: string): Promise<void> {
    do {
      this.#again.delete(name)
      await this.#drain(name).catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.onError("alerts: deliver", error)
      })
    } while (this.#again.has(name) && !this.#stop.signal.aborted)
    this.#busy.delete(name)
  }

  async #drain(name: string): Promise<void> {
    const { store, limits } = this.#options
    for (;;) {
      const due = await alerts.takeDue(store.system, name, takenMax, 2 * takenMax * limits.alertTimeoutMs)
      if (due.length === 0) return
      const left = new Set(due.map(({ alertId }) => alertId))
      try {
        for (const delivery of due) {
          const webhook = this.#webhooks.find((each) => each.name === name)
          if (!webhook || this.#stop.signal.aborted) return
          await this.#deliver(webhook, delivery)
          left.delete(delivery.alertId)
        }
      } finally {
        if (left.size > 0) await alerts.putBack(store.system, name, [...left])
      }
    }
  }

  async #deliver(webhook: AlertConfig, { alertId: id, attempts, ...event }: DueDelivery): Promise<void> {
    const { store, send, limits, logger, onAttempt } = this.#options
    const sent = await send(webhook, { ...event, id } as AlertEvent, this.#stop.signal)
    const retryMs = sent.isSent || sent.isGone || attempts >= limits.alertAttemptsMax ? null : this.#waitMs(attempts, sent)
    await alerts.endAttempt(store.system, id, webhook.name, { isSent: sent.isSent, outcome: sent.outcome, retryMs })
    onAttempt(sent.isSent ? "sent" : retryMs === null ? "failed" : "retried")
    const fields = {
      webhook: webhook.name,
      declared: webhook.origin,
      alert: id,
      outcome: sent.outcome,
      attempts,
      next: `perdure alerts test ${webhook.name}`,
    }
    if (!sent.isSent && retryMs === null) logger.warn(fields, "an alert is given up: its webhook does not take it")
    else if (!sent.isSent && attempts === 1) logger.warn(fields, "a webhook does not take an alert: it is tried again")
  }

  /** Spread by half of it, so that many alerts are not sent again at once. */
  #waitMs(attempts: number, { retryAfterMs }: Sent): number {
    const { limits, random } = this.#options
    const backOff = Math.min(limits.alertRetryMsMax, limits.alertRetryMs * 2 ** Math.min(attempts - 1, 20))
    return Math.min(limits.alertRetryMsMax, Math.max(retryAfterMs ?? 0, backOff)) * (1 - random() / 2)
  }
}
