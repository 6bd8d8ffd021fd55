// Cancelling where it meets something else: the end that is being told, parking, deaths, children that are just being started. On both engines.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { deferred } from "../core/index.ts"
import type { Store } from "../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { end, kernelOn, mortal, project, reaches, request, typesOf } from "./kernel.fixture.ts"
import type { Run, RunContext, RunDefinition } from "./types.ts"
import { defineWorkflow } from "./workflow.ts"

describe.each(testEngines())("cancelling on %s", (engine) => {
  let database: TestStore
  let store: Store
  beforeAll(async () => {
    database = await openTestStore(engine)
    store = database.store
  })
  afterAll(() => database[Symbol.asyncDispose]())

  /** A data body that has come to its end once its log says `all.said`. */
  function telling(name: string, execute: RunDefinition["execute"]): RunDefinition {
    const hasEnded: RunDefinition["hasEnded"] = (history) => history.some((event) => event.type === "all.said")
    return { kind: "agent", name, version: "1", style: "data", execute, hasEnded }
  }
  const hasTold = ({ history }: RunContext): boolean => history.some((event) => event.type === "all.said")
  const agent = (name: string) => request(name, null, { kind: "agent" })
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

  /** A lease that a busy machine keeps. */
  const patient = { limits: { leaseMs: 30_000 } }

  /** The cancellation is in the table, and nobody has been told, as when the notification is late. */
  async function markCancelled(run: Run): Promise<void> {
    await store.system.query("update runs set cancel_reason = 'enough' where id = $1", [run.id])
  }

  async function isMarked(run: Run): Promise<void> {
    const marked = "select 1 as marked from runs where id = $1 and cancel_reason is not null"
    while ((await store.system.query(marked, [run.id])).length === 0) await pause(5)
  }

  it("concludes a run that told its end and does not come back from it, by another attempt, though nothing else is there to claim", async () => {
    const stopped = deferred<void>()
    const runs = kernelOn(
      store,
      [
        telling("stuck-after", async (ctx) => {
          if (hasTold(ctx)) return "said"
          ctx.signal.addEventListener("abort", () => {
            ctx.emit("all.said", null)
            stopped.resolve()
          })
          return new Promise<never>(() => undefined)
        }),
      ],
      patient,
    )
    const run = await runs.start(agent("stuck-after"))
    expect((await runs.cancel(project, run.id, "enough")).outcome).toBe("cancelling")
    await stopped.promise
    const ended = await end(runs, run)
    expect([ended.status, ended.output, ended.attempt]).toEqual(["completed", "said", 2])
    expect(await typesOf(runs, run)).toContain("run.released")
  })

  it("ends as cancelled where the end that a process was telling died with it before it was committed", async () => {
    const victim = mortal(store)
    const isTold = deferred<void>()
    const body = (onTold: () => void) =>
      telling("told-and-lost", async (ctx) => {
        if (hasTold(ctx)) return "said"
        if (ctx.run.attempt === 1) victim.hold(/perdure_flush/)
        ctx.emit("all.said", null)
        onTold()
        return "said"
      })
    const run = await kernelOn(victim, [body(() => isTold.resolve())]).start(agent("told-and-lost"))
    await isTold.promise
    const runs = kernelOn(store, [body(() => undefined)])
    expect((await runs.cancel(project, run.id, "enough")).outcome).toBe("cancelling")
    victim.kill()
    victim.hold(undefined)
    const ended = await end(runs, run)
    expect([ended.status, ended.error?.message]).toEqual(["cancelled", "enough"])
    expect(await typesOf(runs, run)).not.toContain("all.said")
  })

  it("concludes a run that told its end and was poisoned, when it is cancelled then", async () => {
    const definition = telling("poisoned-end", (ctx) => Promise.resolve(hasTold(ctx) ? "said" : "not said"))
    const gateway = kernelOn(store, [definition], { role: "gateway" })
    const run = await gateway.start({ ...agent("poisoned-end"), events: [{ type: "all.said", data: null }] })
    await store.system.query("update runs set status = 'poisoned' where id = $1", [run.id])
    expect((await gateway.cancel(project, run.id, "enough")).outcome).toBe("cancelling")
    const ended = await end(kernelOn(store, [definition], patient), run)
    expect([ended.status, ended.output]).toEqual(["completed", "said"])
  })

  it("ends a run that is parked just when it is cancelled, and asks nobody to decide about it", async () => {
    const begun = deferred<void>()
    const isCancelled = deferred<void>()
    const runs = kernelOn(
      store,
      [
        defineWorkflow("doubtful", async (ctx) => {
          begun.resolve()
          await isCancelled.promise
          await ctx.step("pay", () => new Promise<never>(() => undefined), { timeoutMs: 10 })
          return null
        }),
      ],
      patient,
    )
    const run = await runs.start(request("doubtful"))
    await begun.promise
    await markCancelled(run)
    isCancelled.resolve()
    const ended = await end(runs, run)
    expect([ended.status, ended.error?.message]).toEqual(["cancelled", "enough"])
  })

  it("is not kept from ending a cancelled run by the deaths of its executors", async () => {
    let victim = mortal(store)
    const name = "dying-cancelled"
    const definition = (): RunDefinition => defineWorkflow(name, (ctx) => ctx.step("die", () => { victim.kill(); return new Promise<never>(() => undefined) }, { effect: "read" })) // prettier-ignore
    const run = await kernelOn(victim, [definition()], { limits: { runAttemptsMax: 1 } }).start(request(name))
    while (!victim.dead) await pause(5)
    await markCancelled(run)
    victim = mortal(store)
    const ended = await end(kernelOn(store, [definition()], { limits: { runAttemptsMax: 1 } }), run)
    expect(ended.status).toBe("cancelled")
  })

  it("takes a child along that was being started while its parent was cancelled", async () => {
    const held = mortal(store)
    const runs = kernelOn(
      held,
      [
        defineWorkflow("late-child", (ctx) => ctx.waitForSignal("never").then(() => null)),
        defineWorkflow("late-parent", async (ctx) => {
          await ctx.step("before", () => { held.hold(/perdure_flush/); return Promise.resolve(null) }, { effect: "read" }) // prettier-ignore
          return ctx.child("child", { kind: "workflow", name: "late-child", input: null })
        }),
      ],
      patient,
    )
    const run = await runs.start(request("late-parent"))
    // Nothing of the child is written yet; the cancellation finds the parent alone.
    const cancelled = kernelOn(store, [], { role: "gateway" }).cancel(project, run.id, "enough")
    await isMarked(run)
    await cancelled
    held.hold(undefined)
    expect((await end(runs, run)).status).toBe("cancelled")
    for (const { id } of (await runs.list(project, { parentId: run.id })).runs) {
      const child = await runs.get(project, id)
      if (child) await reaches(runs, child, "cancelled")
    }
  })
})
