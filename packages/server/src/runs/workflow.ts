// The library face: a workflow is a function of steps under a name; it is executed again over its journal after every stop.
import type { JsonValue } from "../core/index.ts"
import type { RunContext, RunDefinition } from "./types.ts"

/** What the function of a workflow gets: the run's context, plus names for waiting and doing things together. */
export interface WorkflowContext extends RunContext {
  /** As `waitForSignal(name, …)`. (`context.abortSignal` aborts on cancel.) */
  waitFor<T extends JsonValue>(name: string, options?: { key?: string; timeoutMs?: number }): Promise<T | undefined>
  /** Awaits all, at most `limit` of them begun at a time when they are given as functions. */
  all<T>(work: readonly (() => Promise<T>)[], options?: { limit?: number }): Promise<T[]>
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
export function defineWorkflow<Input extends JsonValue, Output extends JsonValue>(
  name: string,
  body: (ctx: WorkflowContext, input: Input) => Promise<Output>,
  options: { version?: string } = {},
): RunDefinition {
  return {
    kind: "workflow",
    name,
    version: options.version ?? "1",
    style: "replay",
    execute: (context, input) => body(workflowContext(context), input as Input), // the caller of `start` gives what the workflow declares
  }
}

function workflowContext(context: RunContext): WorkflowContext {
  return Object.assign(Object.create(context) as RunContext, context, {
    waitFor: <T extends JsonValue>(name: string, options?: { key?: string; timeoutMs?: number }) => context.waitForSignal<T>(name, options),
    all: allOf,
  })
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
