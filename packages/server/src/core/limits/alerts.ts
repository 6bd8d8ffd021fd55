// What alerts may take: how many wait, how often one is tried, how long something has to last before it is told.
export interface AlertLimits {
  /** Alerts that wait for one webhook, and for the database; further ones are dropped and counted. */
  alertsWaitingMax: number
  /** Attempts at one webhook before an alert is given up. */
  alertAttemptsMax: number
  /** Time for one attempt, from the look-up of the name to the answer. */
  alertTimeoutMs: number
  /** Wait after a first failed attempt; each later one is twice as long, up to the second figure. */
  alertRetryMs: number
  alertRetryMsMax: number
  /** How long a deployment's circuit must stay open before it is told that it is down. */
  deploymentDownAfterMs: number
  /** How long it must answer before it is told that it is up again. */
  deploymentUpAfterMs: number
}

export const alertLimits: AlertLimits = {
  alertsWaitingMax: 1_000,
  alertAttemptsMax: 10,
  alertTimeoutMs: 10_000,
  alertRetryMs: 10_000,
  alertRetryMsMax: 15 * 60 * 1000,
  deploymentDownAfterMs: 30_000,
  deploymentUpAfterMs: 60_000,
}
