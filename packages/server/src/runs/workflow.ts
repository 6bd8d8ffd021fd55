// The library face: a workflow is a function of steps under a name; it is executed again over its journal after every stop.
import type { JsonValue } from "../core/index.ts"
import type { RunContext, RunDefinition } from "./types.ts"

/** What the function of a workflow gets: the run's context, and doing many things with a limit. */
export interface WorkflowContext extends Omit<RunContext, "signal"> {
  /** Waits for `runs.signal(id, name, payload)`; undefined after `timeoutMs`. Signals that came before the wait are kept. */
  signal: RunContext["waitForSignal"]
  /** Aborts on cancel, at the deadline, on a lost lease. */
  readonly abortSignal: AbortSignal
  /** Begins each, at most `limit` at a time, and awaits all; results are in the order of `work`. */
  all<T>(work: readonly (() => Promise<T>)[], options?: { limit?: number }): Promise<T[]>
}

export interface WorkflowDefinition<Input extends JsonValue> extends RunDefinition {
  /** Only a type: what its runs are started with. */
  readonly input?: Input
}

/**
 * Declares a workflow.
 * @example
 * const onboard = defineWorkflow("onboard", async (ctx, input: { team: string }) => {
 *   const account = await ctx.step("create", () => createAccount(input.team), { effect: "idempotent" })
 *   await ctx.sleep("settle", 60_000)
 *   return { account }
 * })
 */
export function defineWorkflow<Input extends JsonValue>(
  name: string,
  body: (ctx: WorkflowContext, input: Input) => Promise<JsonValue | void>,
  options: { version?: string } = {},
): WorkflowDefinition<Input> {
  return {
    kind: "workflow",
    name,
    version: options.version ?? "1",
    style: "replay",
    // The caller of `start` gives what the workflow declares. Without a return there is no output: null.
    execute: async (context, input) => (await body(workflowContext(context), input as Input)) ?? null,
  }
}

function workflowContext(context: RunContext): WorkflowContext {
  return {
    ...context,
    signal: (signalName, options) => context.waitForSignal(signalName, options),
    abortSignal: context.signal,
    all: allOf,
  }
}

async function allOf<T>(work: readonly (() => Promise<T>)[], options: { limit?: number } = {}): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < work.length) {
      const index = next
      next += 1
      const begin = work[index]
      if (begin) results[index] = await begin()
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.limit ?? work.length, work.length) }, lane))
  return results
}
