// One step: its intent, its attempts, its result, and what may be done when an earlier executor died between intent and result.
//
//   effect         before        after a crash between intent and result
//   read           –             run again
//   idempotent     intent        run again with the same key
//   transactional  –             the journal entry is there or it is not: they commit together
//   verify         intent        ask: done → its result · not done → run again · unknown → in doubt
//   once           intent        in doubt
import { AppError, sleep, type JsonValue } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { runFlush, untilNoRace, type Queryable } from "../store/index.ts"
import { LeaseLost } from "./operation.ts"
import type { Execution } from "./execution.ts"
import type { Entry } from "./journal.ts"
import { encodeJson } from "./payload.ts"
import { never, runError, StepError } from "./step-error.ts"
import type { Effect, RunError, RunEvent, StepContext, StepOptions } from "./types.ts"

class StepTimeout extends Error {}

interface Step<T extends JsonValue> {
  execution: Execution
  key: string
  effect: Effect
  fn: (step: StepContext) => T | Promise<T>
  options: StepOptions<T>
  startedAt: number
}

export async function runStep<T extends JsonValue>(
  execution: Execution,
  key: string,
  fn: (step: StepContext) => T | Promise<T>,
  options: StepOptions<T>,
  entry: Entry | undefined,
): Promise<T> {
  const step: Step<T> = { execution, key, effect: options.effect ?? "once", fn, options, startedAt: execution.host.clock.monotonic() }
  if (entry?.begun) {
    const verdict = await recover(step)
    if (verdict.state === "done") return complete(step, verdict.result)
    if (verdict.state === "unknown") return execution.doubt(key, `the process died while this step (${step.effect}) was being carried out`)
  } else if (step.effect === "idempotent" || step.effect === "verify" || step.effect === "once") {
    await execution.log.emit("step.intended", withInput(options, { key, effect: step.effect })).committed
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (step.effect === "transactional") return await runTransactional(step, attempt)
      return await complete(step, await attemptOnce(step, attempt, undefined))
    } catch (error) {
      if (execution.closed || error instanceof LeaseLost) return never()
      const next = await afterError(step, error, attempt)
      if (next.go === "on") return next.result
      if (next.go === "throw") throw new StepError(next.error, error)
    }
  }
}

/** What an intent without a result means. */
async function recover<T extends JsonValue>(
  step: Step<T>,
): Promise<{ state: "done"; result: T } | { state: "not_done" } | { state: "unknown" }> {
  if (step.effect === "read" || step.effect === "idempotent" || step.effect === "transactional") return { state: "not_done" }
  if (step.effect === "once" || !step.options.verify) return { state: "unknown" }
  try {
    return await step.options.verify(contextOf(step, 1, step.execution.signal, undefined))
  } catch (error) {
    step.execution.host.onError(`verify of step "${step.key}" in run ${step.execution.run.id}`, error)
    return { state: "unknown" }
  }
}

type Next<T> = { go: "again" } | { go: "on"; result: T } | { go: "throw"; error: RunError }

/** Journals the failure, or retries after a pause; a time-out of what has an effect is no failure but a question. */
async function afterError<T extends JsonValue>(step: Step<T>, error: unknown, attempt: number): Promise<Next<T>> {
  const { execution, key, effect, options } = step
  if (error instanceof StepTimeout && (effect === "once" || effect === "verify")) {
    const verdict = effect === "verify" ? await recover(step) : { state: "unknown" as const }
    if (verdict.state === "unknown") return execution.doubt(key, error.message)
    if (verdict.state === "done") return { go: "on", result: await complete(step, verdict.result) }
  }
  const failure = error instanceof StepTimeout ? { code: "upstream_timeout", message: error.message } : runError(error)
  const retryable = effect === "read" || effect === "idempotent"
  if (retryable && attempt <= (options.retries ?? 0) && !execution.signal.aborted) {
    await execution.log.emit("step.retried", { key, error: { ...failure }, attempt }).committed
    await sleep(Math.min(retryMsMax, retryMs * 2 ** (attempt - 1)), execution.signal).catch(() => undefined)
    return { go: "again" }
  }
  if (effect !== "transactional")
    await execution.log.emit("step.failed", { key, effect, error: { ...failure }, ms: elapsed(step) }).committed
  return { go: "throw", error: failure }
}

async function attemptOnce<T extends JsonValue>(step: Step<T>, attempt: number, tx: Queryable | undefined): Promise<T> {
  const { execution, options, effect, key } = step
  const own = new AbortController()
  const onAbort = (): void => own.abort(execution.signal.reason)
  // What has an effect may finish during a clean shutdown; only a cancel, a deadline or a lost lease aborts it.
  const aborts = (): boolean =>
    effect === "read" || !(execution.signal.reason instanceof AppError && execution.signal.reason.code === "shutting_down")
  if (execution.signal.aborted && aborts()) onAbort()
  const listener = (): void => {
    if (aborts()) onAbort()
  }
  execution.signal.addEventListener("abort", listener, { once: true })
  let timer: NodeJS.Timeout | undefined
  try {
    const work = Promise.resolve(step.fn(contextOf(step, attempt, own.signal, tx)))
    const races: Promise<T>[] = [work]
    if (options.timeoutMs !== undefined) {
      races.push(
        new Promise<T>((_, reject) => {
          timer = setTimeout(() => {
            const error = new StepTimeout(`step "${key}" took longer than ${options.timeoutMs} ms`)
            own.abort(error)
            reject(error)
          }, options.timeoutMs)
        }),
      )
    }
    if (effect === "read")
      races.push(
        new Promise<T>((_, reject) => own.signal.addEventListener("abort", () => reject(own.signal.reason as Error), { once: true })),
      )
    if (races.length === 1) return await work
    work.catch(() => undefined)
    return await Promise.race(races)
  } finally {
    if (timer) clearTimeout(timer)
    execution.signal.removeEventListener("abort", listener)
  }
}

function contextOf<T extends JsonValue>(step: Step<T>, attempt: number, signal: AbortSignal, tx: Queryable | undefined): StepContext {
  return { signal, idempotencyKey: `${step.execution.run.id}:${step.key}`, attempt, tx }
}

async function complete<T extends JsonValue>(step: Step<T>, output: T): Promise<T> {
  const { execution } = step
  if (execution.closed) return never()
  const label = labelOf(step, output)
  await execution.log.emit("step.completed", completion(step, output), { label }).committed
  execution.log.influence(label)
  return output === undefined ? (null as T) : output // undefined is journaled as null
}

function completion<T extends JsonValue>(step: Step<T>, output: T): JsonValue {
  encodeJson(output, `the output of step "${step.key}"`, step.execution.host.limits.stepOutputBytesMax)
  const base = { key: step.key, effect: step.effect, output: output ?? null, ms: elapsed(step) }
  return step.effect === "read" || step.effect === "transactional" ? withInput(step.options, base) : base
}

function labelOf<T extends JsonValue>(step: Step<T>, output: T): Label {
  const { label } = step.options
  return typeof label === "function" ? label(output) : (label ?? step.execution.log.label)
}

/** The statements of the step and its journal entry in one transaction, under the run's lease like every other write. */
async function runTransactional<T extends JsonValue>(step: Step<T>, attempt: number): Promise<T> {
  const { execution, key } = step
  const { run, host } = execution
  let result: T | undefined
  let failure: { error: unknown } | undefined
  await execution.log.exclusive(async (seq) => {
    const committed: { event?: RunEvent } = {}
    try {
      const transact = (): Promise<void> =>
        host.store.project(run.projectId).transaction(async (tx) => {
          delete committed.event
          // Locks and checks the lease first: a zombie must not even run the statements.
          await journal(execution, tx, null)
          const output = await attemptOnce(step, attempt, tx)
          const row = execution.log.rowAt(seq, "step.completed", completion(step, output), labelOf(step, output))
          if (row.blob)
            throw new AppError("step_output_too_large", `the output of the transactional step "${key}" is too large to commit with it`, {
              hint: "return less, or an id",
            })
          await journal(execution, tx, row.json)
          result = output
          committed.event = row.event
        })
      // Nothing of a transaction that was in another one's way is there: no failure of the step, which is carried out anew.
      await untilNoRace(transact)
    } catch (error) {
      if (error instanceof LeaseLost) throw error
      // The place in the log is taken: it holds the failure, unless the transaction committed and only its answer was lost.
      const row = execution.log.rowAt(
        seq,
        "step.failed",
        { key, effect: "transactional", error: { ...runError(error) }, ms: elapsed(step) },
        execution.log.label,
      )
      const inserted = await journal(execution, host.store.system, row.json)
      if (inserted === 0 && committed.event) return [committed.event]
      failure = { error }
      return [row.event]
    }
    return committed.event ? [committed.event] : []
  })
  if (failure) throw failure.error
  execution.log.influence(labelOf(step, result as T))
  return result as T // set before the transaction committed
}

async function journal(execution: Execution, db: Queryable, row: string | null): Promise<number> {
  const { runId, token } = execution.log.lease
  const batch = {
    executor: execution.host.executorId(),
    runs: [runId],
    tokens: [token],
    parents: null,
    starts: null,
    events: row === null ? "[]" : `[${row}]`,
    ends: null,
    payload: null,
  }
  const result = await runFlush.flushRuns(db, batch)
  if (result.rejected.length > 0) throw new LeaseLost(`run ${runId} is executed by another process now`)
  return result.inserted
}

function withInput<T extends JsonValue>(options: StepOptions<T>, data: { [key: string]: JsonValue }): JsonValue {
  return options.input === undefined ? data : { ...data, input: options.input }
}

function elapsed<T extends JsonValue>(step: Step<T>): number {
  return Math.round((step.execution.host.clock.monotonic() - step.startedAt) * 10) / 10
}

const retryMs = 100
const retryMsMax = 10_000
