// Calls of providers: waits, retries, breakers, cool-downs, connections.
export interface UpstreamLimits {
  /** Upstream time limits. */
  connectTimeoutMs: number
  firstTokenTimeoutMs: number
  idleTimeoutMs: number
  /** From handing a call to an upstream to its end, however long it streams. */
  totalTimeoutMs: number
  /** Attempts at one call, on all deployments together. */
  attemptsMax: number
  /** Attempts at one call on the same deployment after its first. */
  sameDeploymentRetriesMax: number
  /** First wait before the same deployment is tried again, doubled each time, and the longest; all of it with jitter. */
  retryBackoffMs: number
  retryBackoffMsMax: number
  /** Longest `retry-after` that is waited for within a call; after a longer one the error is the answer. */
  retryWaitMsMax: number
  /** Share of a model's calls that may burden a failing provider once more, and how many may do so at once after a quiet time. */
  retryBudgetPercent: number
  retryBudgetBurst: number
  /** A deployment is left alone after so many failures in a row, or when so many of its recent calls failed; not on fewer calls than that. */
  breakerFailuresMax: number
  breakerErrorPercent: number
  breakerRequestsMin: number
  /** Half of what a breaker remembers is older than this. */
  breakerWindowMs: number
  /** Callers of whom one deployment remembers that it refused them (403); those whom it refused longest ago leave. */
  refusedCallersMax: number
  /** Time for which a deployment is left alone, doubled each time that its trial fails, and the longest. */
  breakerOpenMs: number
  breakerOpenMsMax: number
  /** Shortest time between two early trials where nothing but deployments that are left alone could answer. */
  breakerLastResortMs: number
  /** Cool-down after a 429 that says no `retry-after`, after one that says the quota is used up, and the longest that is believed. */
  coolDownMs: number
  quotaCoolDownMs: number
  coolDownMsMax: number
  /** Time before one call finds out whether a cool-down still holds where no other deployment could serve, doubled each time, and the longest. */
  coolDownProbeMs: number
  coolDownProbeMsMax: number
  /** Time without a sign of overload after which a learned limit of concurrency is forgotten. */
  learnedConcurrencyMs: number
  /** Deployments of which health is remembered; those idle longest leave. */
  deploymentStatesMax: number
  /** Models that one wildcard has made on demand. */
  wildcardModelsMax: number
  /** Time between two probes of one provider, and the longest wait for its answer. */
  probeEveryMs: number
  probeTimeoutMs: number
  /** What is remembered of a stream that another deployment may go on with; a longer one ends with an error when it breaks off. */
  failoverTextBytesMax: number
  /** Connections to one upstream. */
  upstreamConnectionsMax: number
  /** Calls that wait for one of them (over `http:`); more are served elsewhere, or refused as overload. */
  upstreamWaitingMax: number
  /** How long it is known which betas a cloud has refused, and for how many deployments and sets of betas. */
  refusedBetasMs: number
  refusedBetasMax: number
  /** Longest time for counting the tokens of one request exactly; it is estimated after that. */
  tokenCountTimeoutMs: number
  /** Idle time after which the thread that counts tokens is ended, with the vocabulary in its memory. */
  tokenizerIdleMs: number
}

export const upstreamLimits: UpstreamLimits = {
  connectTimeoutMs: 10_000,
  firstTokenTimeoutMs: 120_000,
  idleTimeoutMs: 120_000,
  totalTimeoutMs: 3_600_000,
  attemptsMax: 5,
  sameDeploymentRetriesMax: 1,
  retryBackoffMs: 250,
  retryBackoffMsMax: 4_000,
  retryWaitMsMax: 5_000,
  retryBudgetPercent: 20,
  retryBudgetBurst: 10,
  breakerFailuresMax: 5,
  breakerErrorPercent: 50,
  breakerRequestsMin: 20,
  breakerWindowMs: 15_000,
  refusedCallersMax: 1_000,
  breakerOpenMs: 5_000,
  breakerOpenMsMax: 60_000,
  breakerLastResortMs: 1_000,
  coolDownMs: 1_000,
  quotaCoolDownMs: 60_000,
  coolDownMsMax: 600_000,
  coolDownProbeMs: 5_000,
  coolDownProbeMsMax: 60_000,
  learnedConcurrencyMs: 300_000,
  deploymentStatesMax: 10_000,
  wildcardModelsMax: 1_000,
  probeEveryMs: 15_000,
  probeTimeoutMs: 3_000,
  failoverTextBytesMax: 4 * 1024 * 1024,
  upstreamConnectionsMax: 4_096,
  upstreamWaitingMax: 4_096,
  refusedBetasMs: 600_000,
  refusedBetasMax: 1_000,
  tokenCountTimeoutMs: 5_000,
  tokenizerIdleMs: 300_000,
}
