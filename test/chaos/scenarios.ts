// What the chaos suite runs: each scenario defines code, makes requests from a random source, and knows the right end of each.
// Another kind of run joins by adding a scenario to `scenarios`.
import type { JsonValue } from "../../packages/server/src/core/index.ts"
import {
  defineWorkflow,
  type RunDefinition,
  type StartRun,
  type Verified,
  type WorkflowContext,
} from "../../packages/server/src/runs/index.ts"
import { project } from "./protocol.ts"
import type { WitnessClient } from "./witness.ts"

export interface Scenario {
  name: string
  definitions(witness: WitnessClient): RunDefinition[]
  request(random: () => number): Pick<StartRun, "kind" | "name" | "input"> & { signals: { name: string; payload: JsonValue }[] }
  /** The output that the run must end `completed` with. */
  expected(input: JsonValue): JsonValue
}

type Operation =
  | { op: "read" | "idempotent" | "transactional" | "verify" | "once"; key: string }
  | { op: "sleep"; key: string; ms: number }
  | { op: "signal"; key: string }
  | { op: "deltas"; key: string; count: number }
  | { op: "child"; key: string; plan: Operation[] }
  | { op: "together"; key: string; plan: Operation[] }

const mixed: Scenario = {
  name: "mixed",
  definitions: (witness) => [
    defineWorkflow("mixed", async (ctx, plan: JsonValue) => {
      const results: JsonValue[] = []
      for (const operation of planOf(plan)) results.push(await carryOut(ctx, witness, operation))
      return results
    }),
  ],
  request(random) {
    const plan = makePlan(random, "", 3 + Math.floor(random() * 5), 0)
    return { kind: "workflow", name: "mixed", input: plan, signals: signalsOf(plan) }
  },
  expected: (input) => planOf(input).map(expectedOf),
}

export const scenarios: readonly Scenario[] = [mixed]

function planOf(input: JsonValue): Operation[] {
  return input as unknown as Operation[] // made by `makePlan`
}

function makePlan(random: () => number, prefix: string, length: number, depth: number): Operation[] {
  return Array.from({ length }, (_, i): Operation => {
    const key = `${prefix}${i}`
    const dice = Math.floor(random() * (depth === 0 ? 12 : 7))
    if (dice < 5) return { op: (["read", "idempotent", "transactional", "verify", "once"] as const)[dice] ?? "read", key }
    if (dice === 5) return { op: "sleep", key, ms: 20 + Math.floor(random() * 500) }
    if (dice === 6) return { op: "deltas", key, count: 5 + Math.floor(random() * 20) }
    if (dice < 9) return { op: "signal", key }
    if (dice === 9) return { op: "child", key, plan: makePlan(random, `${key}.`, 2, 1) }
    return { op: "together", key, plan: makePlan(random, `${key}.`, 3, 1) }
  })
}

function signalsOf(plan: readonly Operation[]): { name: string; payload: JsonValue }[] {
  return plan.flatMap((operation) => (operation.op === "signal" ? [{ name: operation.key, payload: { signal: operation.key } }] : []))
}

function expectedOf(operation: Operation): JsonValue {
  switch (operation.op) {
    case "sleep":
    case "deltas":
      return operation.key
    case "signal":
      return { signal: operation.key }
    case "child":
    case "together":
      return operation.plan.map(expectedOf)
    default:
      return { done: operation.key }
  }
}

async function carryOut(ctx: WorkflowContext, witness: WitnessClient, operation: Operation): Promise<JsonValue> {
  const { key } = operation
  switch (operation.op) {
    case "sleep":
      await ctx.sleep(key, operation.ms)
      return key
    case "deltas":
      for (let n = 0; n < operation.count; n += 1) ctx.emit("text.delta", { key, n }, { delta: true })
      await ctx.flushed()
      return key
    case "signal":
      return (await ctx.waitForSignal<JsonValue>(key, { key: `signal:${key}` })) ?? null
    case "child":
      return ctx.child(key, { kind: "workflow", name: "mixed", input: operation.plan })
    case "together":
      return Promise.all(operation.plan.map((one) => carryOut(ctx, witness, one)))
    default:
      return effectStep(ctx, witness, operation.op, key)
  }
}

/** The effect is a request to the witness, which counts without asking whether it has it already; `transactional` writes a row. */
function effectStep(
  ctx: WorkflowContext,
  witness: WitnessClient,
  effect: "read" | "idempotent" | "transactional" | "verify" | "once",
  key: string,
) {
  const result = { done: key }
  return ctx.step<{ done: string }>(
    key,
    async (step) => {
      if (step.tx) await step.tx.query("insert into chaos_effects (project_id, run, key) values ($1, $2, $3)", [project, ctx.run.id, key])
      else await witness.effect({ run: ctx.run.id, key, effect, idempotencyKey: step.idempotencyKey })
      return result
    },
    {
      effect,
      verify: async (): Promise<Verified<{ done: string }>> =>
        (await witness.happened(ctx.run.id, key)) ? { state: "done", result } : { state: "not_done" },
    },
  )
}
