// Alerts, made at a start, and what the pool tells them of deployments.
import { openAlerts, type Alerts } from "../alerts/index.ts"
import type { Config } from "../config/index.ts"
import type { PoolObserver } from "../inference/index.ts"
import type { Store } from "../store/index.ts"
import type { Logger, Metrics } from "../telemetry/index.ts"
import type { Shared } from "./services.ts"

export function composeAlerts(
  shared: Shared,
  config: Config,
  { store, metrics, logger }: { store: Store; metrics: Metrics; logger: Logger },
): Alerts {
  const parts = { store, events: metrics.events, logger: logger.child("alerts"), random: Math.random }
  const alerts = openAlerts({ ...shared, ...parts, webhooks: config.alerts })
  metrics.gauge("perdure_alerts_noticed", "Alerts that wait for the database", () => alerts.waiting)
  return alerts
}

export function watchedPool(observer: PoolObserver, { deployments }: Pick<Alerts, "deployments">): PoolObserver {
  return {
    ...observer,
    attemptEnded: (event) => {
      observer.attemptEnded?.(event)
      if (event.failure === null) deployments.answered(event.deployment)
    },
    breakerChanged: (event) => {
      observer.breakerChanged?.(event)
      deployments.circuitChanged(event.deployment, event.state, event.failure)
    },
  }
}
