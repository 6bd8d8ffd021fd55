// Accounting, opened at a start: the tally of calls, the ledger of limits, admission, and the records of what was used.
import { join } from "node:path"
import {
  assumedPrice,
  createAdmission,
  createRecords,
  openLedger,
  openTally,
  rulesOfConfig,
  type Admission,
  type BudgetWatch,
  type Records,
  type Unrecorded,
} from "../accounting/index.ts"
import type { Config } from "../config/index.ts"
import type { Store } from "../store/index.ts"
import type { Metrics } from "../telemetry/index.ts"
import type { Observers } from "./observe.ts"
import type { Shared } from "./services.ts"

export interface Accounting {
  records: Records
  admission: Admission
  /** Calls of processes that were killed on this data directory: what they used is in no record. */
  unrecorded: readonly Unrecorded[]
}

export interface AccountingParts {
  store: Store
  metrics: Metrics
  observers: Observers
  /** Told of what is used of budgets. */
  watch?: BudgetWatch
}

export async function openAccounting(
  config: Config,
  shared: Shared,
  { store, metrics, observers, watch }: AccountingParts,
  cleanUps: AsyncDisposableStack,
): Promise<Accounting> {
  const tally = cleanUps.use(openTally({ ...shared, directory: join(config.data, "calls"), isOnlyProcess: store.engine === "pglite" }))
  const ledger = await openLedger({ ...shared, store, watch })
  const rules = { rules: rulesOfConfig(config), assumedPrice: assumedPrice(config.unknownPrice) }
  const onDropped = (count: number, reason: string, error?: unknown): void => {
    metrics.events.recordsDropped(count)
    shared.onError(`writing records of calls: dropped (${reason})`, error)
  }
  const records = cleanUps.use(
    createRecords({
      ...shared,
      ...observers,
      store,
      onDropped,
      onWaiting: (count) => tally.recordsWait(count),
      beforeWrite: () => ledger.report(),
    }),
  )
  const admission = cleanUps.use(createAdmission({ ...shared, ...rules, ledger, tally, watch }))
  const lost = (of: "callsUnderWay" | "recordsWaiting"): number => tally.unrecorded.reduce((sum, each) => sum + each[of], 0)
  metrics.gauge("perdure_record_queue_rows", "Records of light runs that wait for their batch", () => records.queued)
  metrics.gauge("perdure_calls_unrecorded", "Calls that were under way when a process was killed, found at this start", () =>
    lost("callsUnderWay"),
  )
  metrics.gauge(
    "perdure_records_unrecorded",
    "Records that waited or were being written when a process was killed, found at this start",
    () => lost("recordsWaiting"),
  )
  return { records, admission, unrecorded: tally.unrecorded }
}
