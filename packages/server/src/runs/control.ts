// What is done to a run from outside: cancel, signal, a person's decision, delete. Each is one transaction that locks in the order of ids.
import { AppError, type JsonValue } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { executors, runEvents, runs, signals, type Queryable, type Store } from "../store/index.ts"
import { encodeJson } from "./payload.ts"
import { readJournal } from "./journal.ts"
import { toEvent, toRun } from "./rows.ts"
import type { CancelOutcome, DoubtResolution, Run, RunEvent } from "./types.ts"

export interface ControlOptions {
  store: Store
  payloadBytesMax: number
  /** The run changed in the table: readers, its execution here, and claimers look. */
  onChanged: (projectId: string, runIds: readonly string[]) => void
  /** Whether its log tells how it ended already, see `RunDefinition.hasEnded`. */
  hasEnded: (run: Run, history: readonly RunEvent[]) => boolean
}

export async function cancelRun(options: ControlOptions, projectId: string, runId: string, reason: string): Promise<CancelOutcome> {
  const why = reason.replaceAll("\0", "").toWellFormed().slice(0, 1_000)
  const result = await options.store.system.transaction(async (tx) => {
    const before = await found(tx, projectId, runId)
    if (before.finishedAt !== null) return { outcome: "already_ended" as const, run: before, changed: [] as string[] }
    const tree = await runs.lockTree(tx, runId)
    const open = tree.filter((run) => !ended.has(run.status)).map((run) => run.id)
    await runs.markCancelled(tx, open, why)
    for (const run of tree) {
      if (!open.includes(run.id) || run.status === "running") continue
      if ((run.status === "queued" || run.status === "poisoned") && (await hasToldEnd(options, tx, projectId, run.id))) {
        // Its process died before it could write the end that its log tells: whoever claims it does that.
        await runs.queueParked(tx, run.id)
        continue
      }
      await runEvents.appendUnowned(
        tx,
        run.id,
        "run.ended",
        JSON.stringify({ status: "cancelled", error: { code: "cancelled", message: why } }),
      )
      await runs.endUnowned(tx, run.id, "cancelled", JSON.stringify({ code: "cancelled", message: why }))
    }
    await tell(options.store, tx, `- c ${open.slice(0, announcedRunsMax).join(",")}`)
    const run = await found(tx, projectId, runId)
    const outcome =
      run.finishedAt === null ? ("cancelling" as const) : run.status === "cancelled" ? ("cancelled" as const) : ("already_ended" as const)
    return { outcome, run, changed: open }
  })
  if (result.changed.length > 0) options.onChanged(projectId, result.changed)
  return { outcome: result.outcome, run: result.run }
}

/** Of a run that is cancelled: its children that have not ended, with their descendants. */
export async function cancelChildren(options: ControlOptions, parent: Run, reason: string): Promise<void> {
  const children = await runs.openChildren(options.store.system, parent.projectId, parent.id)
  for (const child of children) await cancelRun(options, parent.projectId, child, reason)
}

async function hasToldEnd({ hasEnded }: ControlOptions, tx: Queryable, projectId: string, runId: string): Promise<boolean> {
  const run = await found(tx, projectId, runId)
  const log = await runEvents.journalsOf(tx, [runId])
  return hasEnded(
    run,
    log.map((event) => toEvent(event, run.label)),
  )
}

export async function signalRun(
  options: ControlOptions,
  projectId: string,
  runId: string,
  name: string,
  payload: JsonValue,
  label: Label,
): Promise<void> {
  const payloadJson = encodeJson(payload, `the payload of signal "${name}"`, options.payloadBytesMax)
  const labelJson = encodeJson(label as unknown as JsonValue, "the label", options.payloadBytesMax) // labels are plain JSON
  encodeJson(name, "the name of the signal", 1_000)
  await options.store.system.transaction(async (tx) => {
    const run = await runs.lockRun(tx, projectId, runId)
    if (!run) throw missing(runId)
    if (run.finishedAt !== null) {
      throw new AppError("run_conflict", `run ${runId} has ended (${run.status}) and takes no more signals`, { hint: "start a new run" })
    }
    const woken = await signals.insertSignal(tx, projectId, runId, name, payloadJson, labelJson)
    await tell(options.store, tx, woken ? "- q" : `- c ${runId}`)
  })
  options.onChanged(projectId, [runId])
}

export async function resolveRun(options: ControlOptions, projectId: string, runId: string, resolution: DoubtResolution): Promise<Run> {
  const run = await options.store.system.transaction(async (tx) => {
    const row = await runs.lockRun(tx, projectId, runId)
    if (!row) throw missing(runId)
    const run = toRun(row)
    if (run.status !== "in_doubt")
      throw new AppError("run_conflict", `run ${runId} is ${run.status}, not in_doubt: there is nothing to decide`)
    const log = await runEvents.journalsOf(tx, [runId])
    const { doubt: key, entries } = readJournal(
      log.map((event) => toEvent(event, run.label)),
      run.label,
    )
    if (key === null) throw new Error(`run ${runId} is in doubt without an event that says about what`)
    const effect = entries.get(key)?.begun?.effect ?? "once"
    const [type, data] = decision(key, effect, resolution)
    await runEvents.appendUnowned(tx, runId, type, encodeJson(data, "the decision", options.payloadBytesMax))
    await runs.queueParked(tx, runId)
    await tell(options.store, tx, "- q")
    return found(tx, projectId, runId)
  })
  options.onChanged(projectId, [runId])
  return run
}

/** Puts a run that waits for a person (poisoned, code that did not fit) back into the queue. */
export async function resumeRun(options: ControlOptions, projectId: string, runId: string): Promise<Run> {
  const run = await options.store.system.transaction(async (tx) => {
    const row = await runs.lockRun(tx, projectId, runId)
    if (!row) throw missing(runId)
    if (row.status !== "poisoned" && row.status !== "needs_migration") {
      throw new AppError("run_conflict", `run ${runId} is ${row.status}; only poisoned and needs_migration runs can be resumed`)
    }
    await runs.queueParked(tx, runId)
    await tell(options.store, tx, "- q")
    return found(tx, projectId, runId)
  })
  options.onChanged(projectId, [runId])
  return run
}

export async function deleteRun(options: ControlOptions, projectId: string, runId: string): Promise<boolean> {
  return options.store.system.transaction(async (tx) => {
    const run = await runs.lockRun(tx, projectId, runId)
    if (!run) return false
    if (run.finishedAt === null)
      throw new AppError("run_conflict", `run ${runId} is ${run.status}; only a run that ended can be deleted`, { hint: "cancel it first" })
    return runs.deleteRun(tx, projectId, runId)
  })
}

function decision(key: string, effect: string, resolution: DoubtResolution): [type: string, data: JsonValue] {
  if (resolution.decision === "done") return ["step.completed", { key, effect, output: resolution.result, decided: true }]
  if (resolution.decision === "again") return ["step.cleared", { key, effect }]
  return ["step.failed", { key, effect, error: { code: "run_in_doubt", message: resolution.reason }, decided: true }]
}

async function found(tx: Queryable, projectId: string, runId: string): Promise<Run> {
  const row = await runs.getRun(tx, projectId, runId)
  if (!row) throw missing(runId)
  return toRun(row)
}

function missing(runId: string): AppError {
  return new AppError("not_found", `run ${runId} does not exist`)
}

async function tell(store: Store, tx: Queryable, payload: string): Promise<void> {
  if (store.engine === "postgres") await executors.announce(tx, payload)
}

const ended: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "incomplete"])
const announcedRunsMax = 200
