// What a body sees of its run: every member is one keyed operation of the execution, or one event.
import type { RunKind } from "@perdure/contract"
import type { JsonValue } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import type { Execution } from "./execution.ts"
import { runStep } from "./steps.ts"
import type { RunContext, RunEvent, StepContext, StepOptions } from "./types.ts"
import { childOperation, signalOperation, sleepOperation } from "./waits.ts"

export function contextOf(execution: Execution, history: readonly RunEvent[]): RunContext {
  const { clock, newId } = execution.host
  const counters = new Map<string, number>()
  /** Keys that the body did not give are numbered by their order, which replay repeats. */
  const numbered = (base: string): string => {
    const count = (counters.get(base) ?? 0) + 1
    counters.set(base, count)
    return `${base}#${count}`
  }
  /**
   * A body may start several operations and await one: that another one failed meanwhile is no unhandled rejection, which would end the process
   * with all its runs.
   */
  const operation: Execution["operation"] = (kind, key, live) => {
    const outcome = execution.operation(kind, key, live)
    outcome.catch(() => undefined)
    return outcome
  }
  const step = <T extends JsonValue>(key: string, fn: (step: StepContext) => T | Promise<T>, options: StepOptions<T> = {}): Promise<T> =>
    operation("step", key, (entry) => execution.track(runStep(execution, key, fn, options, entry))) as Promise<T> // recorded outputs are what `fn` returned, as JSON
  return {
    run: execution.run,
    signal: execution.signal,
    history,
    step,
    emit: (type, data, options = {}) => execution.log.emit(type, data, options),
    flushed: () => execution.flushed(),
    sleep: (key, ms) => operation("sleep", key, (entry) => sleepOperation(execution, key, ms, entry)) as Promise<void>, // a sleep's outcome is undefined
    waitForSignal: <T extends JsonValue>(name: string, options: { key?: string; timeoutMs?: number } = {}) => {
      const key = options.key ?? numbered(`signal:${name}`)
      return operation("signal", key, (entry) => signalOperation(execution, key, name, options.timeoutMs, entry)) as Promise<T | undefined> // the sender's payload, as the body types it
    },
    child: <T extends JsonValue>(key: string, request: { kind: RunKind; name: string; input: JsonValue; label?: Label }) =>
      operation("child", key, (entry) => childOperation(execution, key, request, entry)) as Promise<T>, // the child's output, as the body types it
    now: (key = numbered("now")) => step(key, () => Promise.resolve(clock.now()), { effect: "read" }),
    random: (key = numbered("random")) => step(key, () => Promise.resolve(Math.random()), { effect: "read" }),
    id: (key = numbered("id")) => step(key, () => Promise.resolve(newId("evt")), { effect: "read" }),
  }
}
