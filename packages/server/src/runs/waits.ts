// The operations that wait: sleep until an absolute time, wait for a signal, start a child and wait for its end.
import type { RunKind } from "@perdure/contract"
import { AppError, isJsonObject, type JsonValue } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { runEvents, runs, signals } from "../store/index.ts"
import type { Execution } from "./execution.ts"
import type { Entry } from "./journal.ts"
import { StepError } from "./step-error.ts"

export async function sleepOperation(execution: Execution, key: string, ms: number, entry: Entry | undefined): Promise<undefined> {
  if (!Number.isFinite(ms))
    throw new AppError("unsupported_value", `sleep "${key}" got ${ms} ms`, { hint: "use a finite number of milliseconds" })
  const until = entry?.begun?.until ?? Math.round(execution.host.databaseNow() + Math.max(0, ms))
  if (!entry?.begun) await execution.log.emit("sleep.started", { key, until }).committed
  while (execution.host.databaseNow() < until) await execution.waits.add({ until })
  await execution.log.emit("sleep.ended", { key }).committed
  return undefined
}

export async function signalOperation(
  execution: Execution,
  key: string,
  name: string,
  timeoutMs: number | undefined,
  entry: Entry | undefined,
): Promise<JsonValue | undefined> {
  const { host, run, consumed } = execution
  const until = entry?.begun ? entry.begun.until : timeoutMs === undefined ? null : Math.round(host.databaseNow() + timeoutMs)
  if (!entry?.begun) await execution.log.emit("signal.awaited", { key, name, until }).committed
  for (;;) {
    const found = await execution.inTurn(name, async () => {
      const next = await signals.nextSignal(host.store.system, run.id, name, consumed.get(name) ?? 0)
      if (next) consumed.set(name, next.id)
      return next
    })
    if (found) {
      const label = found.label as unknown as Label // written by `signal()` from a label
      execution.log.influence(label)
      await execution.log.emit("signal.received", { key, name, id: found.id, payload: found.payload }, { label }).committed
      return found.payload
    }
    if (until !== null && host.databaseNow() >= until) {
      await execution.log.emit("signal.timed_out", { key, name }).committed
      return undefined
    }
    await execution.waits.add({ until, signal: { name, after: consumed.get(name) ?? 0 } })
  }
}

export async function childOperation(
  execution: Execution,
  key: string,
  request: { kind: RunKind; name: string; input: JsonValue; label?: Label },
  entry: Entry | undefined,
): Promise<JsonValue> {
  const { host, run } = execution
  const childId = entry?.begun?.childId ?? host.newId("run")
  const exists = entry?.begun ? await runs.getRun(host.store.system, run.projectId, childId) : undefined
  if (!entry?.begun) await execution.log.emit("child.started", { key, childId, kind: request.kind, name: request.name }).committed
  if (!exists) await execution.track(host.startChild(run, childId, { ...request, label: request.label ?? execution.log.label }))
  for (let looked = exists !== undefined; ; looked = true) {
    const child = looked ? await runs.getRun(host.store.system, run.projectId, childId) : undefined
    if (child && child.finishedAt !== null) return childEnded(execution, key, child)
    if (looked && !child) throw new AppError("not_found", `child run ${childId} of "${key}" was deleted before it ended`)
    await execution.waits.add({ until: null, childId })
  }
}

async function childEnded(execution: Execution, key: string, child: runs.StoredRun): Promise<JsonValue> {
  const [last] = await runEvents.eventsAfter(execution.host.store.system, child.id, child.lastSeq - 1, 1)
  const label = (last?.label ?? child.label) as unknown as Label // written by the kernel from a label
  execution.log.influence(label)
  if (child.status === "completed") {
    await execution.log.emit("child.completed", { key, childId: child.id, output: child.output }, { label }).committed
    return child.output
  }
  const given = isJsonObject(child.error) ? child.error : {}
  const error = {
    code: typeof given["code"] === "string" ? given["code"] : "server_error",
    message: `child run ${child.id} (${child.name}) ended ${child.status}: ${typeof given["message"] === "string" ? given["message"] : "no reason given"}`,
  }
  await execution.log.emit("child.failed", { key, childId: child.id, error }, { label }).committed
  throw new StepError(error)
}
