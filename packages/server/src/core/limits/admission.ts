// What callers may use at once: counters of limits, credit that processes share, and the records of what was used.
export interface AdmissionLimits {
  /** Records of finished light runs that wait for their batch; more are dropped and counted. */
  recordQueueRowsMax: number
  recordQueueBytesMax: number
  /** Longest wait before queued records are written. */
  recordFlushMs: number
  /** Counters of limits in memory: one for each value of each `*`. */
  limitCountersMax: number
  /** Output that is reserved for a call that allows any, of a model without history. */
  outputTokensAssumed: number
  /** Life of the credit that one of several processes has of shared limits; what a dead one held returns after it. */
  creditLeaseMs: number
  /** Credit that was not used for so long goes back to the others. */
  creditIdleMs: number
  /** Longest wait of a call for credit that other processes hold and are asked to give back. */
  creditRecallMs: number
  /** Longest wait of a turn for a rate that its caller is over. */
  admissionWaitMs: number
}

export const admissionLimits: AdmissionLimits = {
  recordQueueRowsMax: 50_000,
  recordQueueBytesMax: 64 * 1024 * 1024,
  recordFlushMs: 150,
  limitCountersMax: 100_000,
  outputTokensAssumed: 2_048,
  creditLeaseMs: 10_000,
  creditIdleMs: 5_000,
  creditRecallMs: 250,
  admissionWaitMs: 60_000,
}
