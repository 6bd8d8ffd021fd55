// Durable runs: their log, leases, responses, and lists of them that are open.
export interface RunLimits {
  /** Operations in one flush of the run log. */
  flushOperationsMax: number
  flushBytesMax: number
  /** Longest time that streamed deltas wait for company in one flush. */
  deltaWindowMs: number
  /** Largest output of one step; larger ones are refused with the limit named. */
  stepOutputBytesMax: number
  /** Largest data of one event. */
  eventBytesMax: number
  /** Committed events of one local run kept in memory for readers; slower readers go back to the table. */
  tailRingEventsMax: number
  /** Life of an executor's lease. */
  leaseMs: number
  /** Runs that one process executes at once. */
  runsInFlightMax: number
  /** Executors that may die under one run before it is parked as poisoned. */
  runAttemptsMax: number
  /** Turns (model calls) of one response before it ends incomplete. */
  turnsMax: number
  /** Responses that one `previous_response_id` may lead back over. */
  chainResponsesMax: number
  /** How long the answer to the cancellation of a response waits for its end; then it tells how the response stands. */
  cancelWaitMs: number
  /** Shortest time between two rounds of a live list of runs, and the longest without one. */
  feedWindowMs: number
  feedPollMs: number
  /** Changed runs that one open live list may have waiting; the oldest leave. */
  feedRowsMax: number
  /** Events of which the trace of one run is made; of a longer log it shows the beginning, and says so. */
  traceEventsMax: number
  /** Scores of one run. */
  feedbackPerRunMax: number
}

export const runLimits: RunLimits = {
  flushOperationsMax: 512,
  flushBytesMax: 4 * 1024 * 1024,
  deltaWindowMs: 25,
  stepOutputBytesMax: 16 * 1024 * 1024,
  eventBytesMax: 16 * 1024 * 1024,
  tailRingEventsMax: 512,
  leaseMs: 2_000,
  runsInFlightMax: 256,
  runAttemptsMax: 3,
  turnsMax: 16,
  chainResponsesMax: 1_000,
  cancelWaitMs: 10_000,
  feedWindowMs: 150,
  feedPollMs: 1_000,
  feedRowsMax: 500,
  traceEventsMax: 20_000,
  feedbackPerRunMax: 1_000,
}
