// The appender of this process: over its store, under its executor's id, within its limits.
import type { Clock, Limits } from "../core/index.ts"
import { runEvents, runFlush, type Store } from "../store/index.ts"
import { Appender, type AppenderOptions } from "./appender.ts"
import type { Membership } from "./membership.ts"
import { encodePayload } from "./messages.ts"

interface ProcessAppenderOptions extends Pick<AppenderOptions, "onCommitted" | "onWoken"> {
  store: Store
  clock: Clock
  limits: Limits
  membership: Membership
  onError: (what: string, error: unknown) => void
}

export function processAppender(options: ProcessAppenderOptions): Appender {
  const { store, clock, limits, membership } = options
  return new Appender({
    port: {
      flush: (batch) => runFlush.flushRuns(store.system, { executor: membership.id, ...batch }),
      attemptsOf: (runs, seqs) => runFlush.attemptsOf(store.system, runs, seqs),
      putBlob: (lease, hash, text) => runEvents.insertBlob(store.system, lease.projectId, lease.runId, hash, text),
    },
    operationsMax: limits.flushOperationsMax,
    bytesMax: limits.flushBytesMax,
    deltaWindowMs: limits.deltaWindowMs,
    flushesMax: membership.distributed ? 3 : 1,
    crowdRunsMin: 64,
    retryMs: 30_000,
    retryPauseMs: 10,
    monotonic: () => clock.monotonic(),
    onCommitted: options.onCommitted,
    onWoken: options.onWoken,
    onRetry: (error) => options.onError("flush of the run log, sent again", error),
    payload: (batch) => (membership.peers > 0 ? encodePayload(membership.id, batch) : null),
  })
}
