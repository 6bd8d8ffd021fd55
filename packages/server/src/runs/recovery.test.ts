// What happens when a process dies, hangs or is taken for dead: recovery by a second kernel on the same database, effects, fencing, replay.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { systemClock, type JsonValue } from "../core/index.ts"
import type { Store } from "../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { signalRun } from "./control.ts"
import { end, kernelOn, logOf, mortal, project, reaches, request, testLimits, typesOf } from "./kernel.fixture.ts"
import type { Effect, RunDefinition, StepContext, Verified } from "./types.ts"
import { defineWorkflow } from "./workflow.ts"

describe.each(testEngines())("recovery on %s", (engine) => {
  let database: TestStore
  let store: Store
  beforeAll(async () => {
    database = await openTestStore(engine)
    store = database.store
    await store.system.query("create table ledger (project_id text not null, run text not null)")
    await store.system.query("create table places (project_id text not null, name text primary key)")
    for (const table of ["ledger", "places"]) await store.system.query("select perdure_protect($1)", [table])
  })
  afterAll(() => database[Symbol.asyncDispose]())

  /** One step of that effect between two others; `onEffect` runs in the middle of it. */
  function effectWorkflow(effect: Effect, onEffect: (key: string) => void, verify?: () => Verified<string>): RunDefinition {
    return defineWorkflow(`effect-${effect}`, async (ctx) => {
      const before = await ctx.step("before", () => Promise.resolve("a"), { effect: "read" })
      const middle = await ctx.step(
        "middle",
        async (step) => {
          await step.tx?.query("insert into ledger (project_id, run) values ($1, $2)", [project, ctx.run.id])
          onEffect(step.idempotencyKey)
          return "b"
        },
        { effect, ...(verify === undefined ? {} : { verify: () => Promise.resolve(verify()) }) },
      )
      return before + middle + (await ctx.step("after", () => Promise.resolve("c"), { effect: "read" }))
    })
  }

  /** Starts a run on a process that dies inside the step, lets a second one take over; the keys with which the effect was carried out. */
  async function crash(effect: Effect, verify?: () => Verified<string>) {
    const victim = mortal(store)
    const keys: string[] = []
    const dying = kernelOn(victim, [effectWorkflow(effect, (key) => { keys.push(key); victim.kill() }, verify)]) // prettier-ignore
    const run = await dying.start(request(`effect-${effect}`))
    while (keys.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    // A lease that a busy machine keeps: the run would be begun once more if it were lost.
    const survivor = kernelOn(store, [effectWorkflow(effect, (key) => keys.push(key), verify)], { limits: { leaseMs: 4_000 } })
    return { run, survivor, keys }
  }

  it.each<[Effect, number]>([
    ["read", 2],
    ["idempotent", 2],
  ])("carries out a %s again after a crash in the middle of it, with the same key", async (effect, times) => {
    const { run, survivor, keys } = await crash(effect)
    const ended = await end(survivor, run)
    expect([ended.output, ended.attempt]).toEqual(["abc", 2])
    expect(keys).toEqual(Array.from({ length: times }, () => `${run.id}:middle`))
    const log = await logOf(survivor, run)
    expect(log.map((event) => event.seq)).toEqual(log.map((_, i) => i + 1))
    expect(log.filter((event) => event.type === "step.completed").map((event) => event.attempt)).toEqual([1, 2, 2])
  })

  it("commits a transactional step and its statements together, exactly once", async () => {
    const { run, survivor } = await crash("transactional")
    expect((await end(survivor, run)).output).toBe("abc")
    expect(await store.system.query("select run from ledger where run = $1", [run.id])).toHaveLength(1)
  })

  it("rolls a transactional step back when it throws, and journals the failure in its place", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("rollback", async (ctx) => {
        const failed = ctx.step("bad", async (step) => {
          await step.tx?.query("insert into ledger (project_id, run) values ($1, $2)", [project, ctx.run.id])
          throw new Error("no")
        }, { effect: "transactional" }).catch((error: Error) => error.message) // prettier-ignore
        ctx.emit("note.taken", 1)
        return [await failed, await ctx.step("next", () => Promise.resolve(1), { effect: "read" })]
      }),
    ])
    const run = await runs.start(request("rollback"))
    expect((await end(runs, run)).output).toEqual(["no", 1])
    expect(await store.system.query("select run from ledger where run = $1", [run.id])).toEqual([])
    expect(await typesOf(runs, run)).toEqual(["run.started", "step.failed", "note.taken", "step.completed", "run.ended"])
  })

  it("carries a transactional step out anew when another transaction was in its way, and journals it once", async () => {
    let times = 0
    const runs = kernelOn(store, [
      defineWorkflow("raced", async (ctx) => {
        const step = async ({ tx }: StepContext): Promise<number> => {
          times += 1
          await tx?.query("insert into ledger (project_id, run) values ($1, $2)", [project, ctx.run.id])
          // Twice as for who saw no such row, and then somebody else made it.
          for (const _ of times < 3 ? [1, 2] : [1]) await tx?.query("insert into places (project_id, name) values ($1, 'raced')", [project])
          return times
        }
        return [await ctx.step("raced", step, { effect: "transactional" }), await ctx.step("next", () => 1, { effect: "read" })]
      }),
    ])
    const run = await runs.start(request("raced"))
    expect((await end(runs, run)).output).toEqual([3, 1])
    expect(await store.system.query("select run from ledger where run = $1", [run.id])).toHaveLength(1)
    expect(await typesOf(runs, run)).toEqual(["run.started", "step.completed", "step.completed", "run.ended"])
  })

  it.each<[string, Verified<string>, number, string]>([
    ["done", { state: "done", result: "B" }, 1, "aBc"],
    ["not done", { state: "not_done" }, 2, "abc"],
  ])("asks a verify step after a crash: %s", async (_name, verdict, times, output) => {
    const { run, survivor, keys } = await crash("verify", () => verdict)
    expect([(await end(survivor, run)).output, keys.length]).toEqual([output, times])
  })

  it.each<Effect>(["once", "verify"])("never repeats a %s blindly: the run is in doubt until a person decides", async (effect) => {
    const decisions = [
      [{ decision: "done", result: "X" }, "completed", "aXc", 1],
      [{ decision: "again" }, "completed", "abc", 2],
      [{ decision: "fail", reason: "the bank says no" }, "failed", null, 1],
    ] as const
    for (const [decision, status, output, times] of decisions) {
      const { run, survivor, keys } = await crash(effect, () => ({ state: "unknown" }))
      const doubtful = await reaches(survivor, run, "in_doubt")
      expect(keys).toHaveLength(1)
      await survivor.resolveDoubt(project, doubtful.id, decision)
      const ended = await end(survivor, run)
      expect([ended.status, ended.output, keys.length]).toEqual([status, output, times])
      await expect(survivor.resolveDoubt(project, run.id, decision)).rejects.toMatchObject({ code: "run_conflict" })
      await survivor[Symbol.asyncDispose]()
    }
  })

  it("hands recorded outcomes back by key to parallel steps, failures included, and runs only what is missing", async () => {
    const victim = mortal(store)
    const calls: string[] = []
    const fan = (last: () => Promise<string>): RunDefinition =>
      defineWorkflow("fan", async (ctx) => {
        const step = (key: string, work: () => Promise<JsonValue>): Promise<JsonValue> =>
          ctx.step(key, () => { calls.push(key); return work() }, { effect: "read" }).catch((error: Error) => `failed: ${error.message}`) // prettier-ignore
        const [a, b, c] = await Promise.all([
          step("a", () => new Promise((resolve) => setTimeout(() => resolve("A"), 60))),
          step("b", () => Promise.reject(new Error("B"))),
          step("c", () => Promise.resolve("C")),
        ])
        return [a ?? null, b ?? null, c ?? null, await step("d", last)]
      })
    const dying = kernelOn(victim, [
      fan(() => { victim.kill(); return Promise.resolve("D") }), // prettier-ignore
    ])
    const run = await dying.start(request("fan"))
    while (!calls.includes("d")) await new Promise((resolve) => setTimeout(resolve, 5))
    const survivor = kernelOn(store, [fan(() => Promise.resolve("D"))])
    expect((await end(survivor, run)).output).toEqual(["A", "failed: B", "C", "D"])
    expect(calls.toSorted()).toEqual(["a", "b", "c", "d", "d"])
  })

  it("keeps time, chance and ids the same over a crash", async () => {
    const victim = mortal(store)
    let died = false
    const fixed = defineWorkflow("fixed", async (ctx) => {
      const values = [await ctx.now(), await ctx.random(), await ctx.id()]
      await ctx.step("die", () => { if (!died) victim.kill(); died = true; return Promise.resolve(null) }, { effect: "read" }) // prettier-ignore
      return values
    })
    const dying = kernelOn(victim, [fixed])
    const run = await dying.start(request("fixed"))
    while (!died) await new Promise((resolve) => setTimeout(resolve, 5))
    const survivor = kernelOn(store, [fixed])
    const ended = await end(survivor, run)
    const recorded = (await logOf(survivor, run)).filter((event) => event.attempt === 1 && event.type === "step.completed")
    expect(ended.output).toEqual(recorded.map((event) => (event.data as { output: JsonValue }).output))
  })

  it("parks a run whose code asks for another key, names both, executes nothing new, and goes on with code that fits", async () => {
    let executed = 0
    const versioned = (version: string, key: string): RunDefinition =>
      defineWorkflow("versioned", async (ctx) => {
        const first = await ctx.step(key, () => Promise.resolve((executed += 1)), { effect: "read" })
        await ctx.waitForSignal("go")
        return first
      }, { version }) // prettier-ignore
    // Nobody dies here: on a busy machine a short lease would be lost, and the log would have more events.
    const limits = { leaseMs: 20_000 }
    const one = kernelOn(store, [versioned("1", "charge")], { limits })
    const run = await reaches(one, await one.start(request("versioned")), "waiting")
    await one[Symbol.asyncDispose]()
    const two = kernelOn(store, [versioned("2", "renamed")], { limits })
    await two.signal(project, run.id, "go", null, run.label)
    await reaches(two, run, "needs_migration")
    expect((await logOf(two, run)).at(-1)?.data).toMatchObject({
      journalKey: "charge",
      codeKey: "renamed",
      journalVersion: "1",
      codeVersion: "2",
      journalSeq: 2,
    })
    expect(executed).toBe(1)
    await two[Symbol.asyncDispose]()
    const three = kernelOn(store, [versioned("3", "charge")], { limits })
    expect([(await end(three, run)).output, executed]).toEqual([1, 1])
  })

  it("parks a run whose code ends before it asked for everything recorded", async () => {
    const victim = mortal(store)
    const dying = kernelOn(victim, [defineWorkflow("shorter", async (ctx) => {
      await ctx.step("a", () => Promise.resolve(1), { effect: "read" })
      return ctx.step("b", () => { victim.kill(); return Promise.resolve(2) }, { effect: "read" })
    })]) // prettier-ignore
    const run = await dying.start(request("shorter"))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const survivor = kernelOn(store, [defineWorkflow("shorter", () => Promise.resolve(0), { version: "2" })])
    await reaches(survivor, run, "needs_migration")
    expect((await logOf(survivor, run)).at(-1)?.data).toMatchObject({ journalKey: "a", codeKey: "(end)" })
  })

  it("gives a data body what earlier attempts wrote, and goes on from there", async () => {
    const victim = mortal(store)
    const body = (onTurn: (n: number) => void): RunDefinition => ({
      kind: "agent",
      name: "turns",
      version: "1",
      style: "data",
      async execute(ctx) {
        const done = ctx.history.filter((event) => event.type === "turn.completed").length
        for (let n = done; n < 4; n += 1) {
          await ctx.emit("turn.completed", { n }).committed
          onTurn(n)
        }
        return ctx.history.length
      },
    })
    const dying = kernelOn(victim, [body((n) => { if (n === 1) victim.kill() })]) // prettier-ignore
    const run = await dying.start(request("turns", null, { kind: "agent" }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const survivor = kernelOn(store, [body(() => undefined)])
    const ended = await end(survivor, run)
    const turns = (await logOf(survivor, run)).filter((event) => event.type === "turn.completed")
    expect([ended.status, turns.map((event) => event.data)]).toEqual(["completed", [0, 1, 2, 3].map((n) => ({ n }))])
    expect(Number(ended.output)).toBeGreaterThanOrEqual(3)
  })

  it("lets a data body that had come to its end conclude, though the run was cancelled and its deadline passed meanwhile", async () => {
    const victim = mortal(store)
    const body = (onDone: () => void): RunDefinition => ({
      kind: "agent",
      name: "concluding",
      version: "1",
      style: "data",
      async execute(ctx) {
        if (ctx.history.some((event) => event.type === "all.said")) return "said"
        await ctx.emit("all.said", null).committed
        onDone()
        return "said"
      },
      hasEnded: (history) => history.some((event) => event.type === "all.said"),
    })
    const dying = kernelOn(victim, [body(() => victim.kill())])
    const run = await dying.start(request("concluding", null, { kind: "agent", deadlineMs: 300 }))
    while (!victim.dead) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await kernelOn(store, [], { role: "gateway" }).cancel(project, run.id, "too late")).outcome).toBe("cancelling")
    const ended = await end(kernelOn(store, [body(() => undefined)]), run)
    expect([ended.status, ended.output, ended.attempt]).toEqual(["completed", "said", 2])
  })

  it.each([
    ["had told its end before it was cancelled", false, "completed"],
    ["tells its end while it is being cancelled", true, "completed"],
    ["is cancelled before its end", null, "cancelled"],
  ])("ends a data body as its log says: it %s", async (_, first, status) => {
    let reached: () => void = () => undefined
    const isThere = new Promise<void>((resolve) => (reached = resolve))
    let cancelled: () => void = () => undefined
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve))
    const runs = kernelOn(store, [
      {
        kind: "agent",
        name: "telling",
        version: "1",
        style: "data",
        async execute(ctx) {
          if (first === false) await ctx.emit("all.said", null).committed
          reached()
          await isCancelled
          while (first !== false && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5))
          if (first === true) await ctx.emit("all.said", null).committed
          if (first === null) ctx.signal.throwIfAborted()
          return "said"
        },
        hasEnded: (history) => history.some((event) => event.type === "all.said"),
      },
    ])
    const run = await runs.start(request("telling", null, { kind: "agent" }))
    await isThere
    expect((await runs.cancel(project, run.id, "too late")).outcome).toBe("cancelling")
    cancelled()
    const ended = await end(runs, run)
    expect([ended.status, ended.output]).toEqual([status, status === "completed" ? "said" : null])
  })

  it("lets a run that was told to be over be concluded, though it is cancelled while nobody executes it", async () => {
    const victim = mortal(store)
    const body = (onDone: () => void): RunDefinition => ({
      kind: "agent",
      name: "queued-end",
      version: "1",
      style: "data",
      async execute(ctx) {
        if (ctx.history.some((event) => event.type === "all.said")) return "said"
        await ctx.emit("all.said", null).committed
        onDone()
        return "said"
      },
      hasEnded: (history) => history.some((event) => event.type === "all.said"),
    })
    const run = await kernelOn(victim, [body(() => victim.kill())]).start(request("queued-end", null, { kind: "agent" }))
    while (!victim.dead) await new Promise((resolve) => setTimeout(resolve, 5))
    await store.system.query("update runs set status = 'queued', token = null, executor = null where id = $1", [run.id])
    const gateway = kernelOn(store, [body(() => undefined)], { role: "gateway" })
    expect((await gateway.cancel(project, run.id, "too late")).outcome).toBe("cancelling")
    const ended = await end(kernelOn(store, [body(() => undefined)]), run)
    expect([ended.status, ended.output]).toEqual(["completed", "said"])
  })

  it("does not sleep anew after a crash, and finds signals that came while nobody was there", async () => {
    const victim = mortal(store)
    const definition = defineWorkflow("sleeper", async (ctx) => {
      await ctx.sleep("nap", 1_000)
      return (await ctx.waitForSignal<string>("go")) ?? null
    })
    const dying = kernelOn(victim, [definition])
    const run = await reaches(dying, await dying.start(request("sleeper")), "waiting")
    victim.kill()
    await new Promise((resolve) => setTimeout(resolve, 700))
    const survivor = kernelOn(store, [definition])
    await survivor.signal(project, run.id, "go", "hello", run.label)
    expect((await end(survivor, run)).output).toBe("hello")
    expect((await typesOf(survivor, run)).filter((type) => type === "sleep.started")).toHaveLength(1)
  })

  it("gives its runs back at a clean stop, with the side effect in flight journaled", async () => {
    let effects = 0
    const definition = defineWorkflow("handover", async (ctx) => {
      await ctx.step("slow", async () => { effects += 1; await new Promise((resolve) => setTimeout(resolve, 150)); return null }) // prettier-ignore
      await ctx.step("next", () => Promise.resolve(null), { effect: "read" })
      return "done"
    })
    const first = kernelOn(store, [definition])
    const run = await first.start(request("handover"))
    while (effects === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await first[Symbol.asyncDispose]()
    expect((await store.system.query<{ status: string }>("select status from runs where id = $1", [run.id]))[0]?.status).toBe("queued")
    const second = kernelOn(store, [definition])
    expect([(await end(second, run)).output, effects]).toEqual(["done", 1])
    expect(await typesOf(second, run)).toContain("run.released")
  })

  it("poisons a run under which executors die again and again, and resumes it when asked", async () => {
    let deadly = true
    let victim = mortal(store)
    let deaths = 0
    const boom = (): Promise<string> => {
      if (deadly) {
        victim.kill()
        deaths += 1
      }
      return Promise.resolve("alive")
    }
    const definition = defineWorkflow("deadly", (ctx) => ctx.step("boom", boom, { effect: "read" }))
    const limits = { runAttemptsMax: 3 }
    const run = await kernelOn(victim, [definition], { limits }).start(request("deadly"))
    for (let death = 1; death < 3; death += 1) {
      await expect.poll(() => deaths, { timeout: 60_000 }).toBe(death)
      victim = mortal(store)
      kernelOn(victim, [definition], { limits })
    }
    await expect.poll(() => deaths, { timeout: 60_000 }).toBe(3)
    deadly = false
    const last = kernelOn(store, [definition], { limits })
    await reaches(last, run, "poisoned")
    expect((await logOf(last, run)).at(-1)).toMatchObject({ type: "run.poisoned", data: { executorsDied: 3 } })
    await last.resume(project, run.id)
    expect((await end(last, run)).output).toBe("alive")
  })

  it("refuses every write of a zombie: an executor that was taken for dead and wakes up", async () => {
    const victim = mortal(store)
    // Its heart stops and its clock with it: it has no way to notice.
    const frozen = { now: () => systemClock.now(), monotonic: () => 0 }
    const released: (() => void)[] = []
    let attempts = 0
    const definition = defineWorkflow("fenced", async (ctx) => {
      const mine = (attempts += 1)
      await ctx.step(
        "wait",
        () => (mine === 1 ? new Promise<null>((resolve) => released.push(() => resolve(null))) : Promise.resolve(null)),
        { effect: "read" },
      )
      await ctx.step("write", () => Promise.resolve(mine), { effect: "read" })
      return mine
    })
    const zombie = kernelOn(victim, [definition], { clock: frozen })
    const run = await zombie.start(request("fenced"))
    while (released.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    victim.hold(/update executors set seen|skip locked/)
    const survivor = kernelOn(store, [definition])
    expect((await end(survivor, run)).output).toBe(2)
    const before = await logOf(survivor, run)
    for (const release of released) release()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await logOf(survivor, run)).toEqual(before)
    victim.kill()
    expect(before.filter((event) => event.type === "step.completed").map((event) => event.attempt)).toEqual([2, 2])
  })

  it("refuses a zombie while the new holder is still executing, also at places of the log that are free", async () => {
    const victim = mortal(store)
    const frozen = { now: () => systemClock.now(), monotonic: () => 0 }
    const gates: (() => void)[] = []
    const definition = defineWorkflow("contested", (ctx) =>
      ctx.step(
        "wait",
        async () => {
          await new Promise<void>((resolve) => gates.push(resolve))
          // The zombie has four events in one flush; the first place is taken by the new holder's `run.resumed`, the others are free.
          for (let n = 0; n < 3; n += 1) ctx.emit("note.taken", { attempt: ctx.run.attempt, n })
          return `attempt ${ctx.run.attempt}`
        },
        { effect: "read" },
      ),
    )
    const zombie = kernelOn(victim, [definition], { clock: frozen })
    const run = await zombie.start(request("contested"))
    while (gates.length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
    victim.hold(/update executors set seen|skip locked/)
    const survivor = kernelOn(store, [definition])
    while (gates.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    // The new holder's first event is committed before the zombie wakes.
    while (!(await typesOf(survivor, run)).includes("run.resumed")) await new Promise((resolve) => setTimeout(resolve, 5))
    gates[0]?.()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await typesOf(survivor, run)).toEqual(["run.started", "run.resumed"])
    victim.kill()
    gates[1]?.()
    expect((await end(survivor, run)).output).toBe("attempt 2")
    expect((await logOf(survivor, run)).slice(1).every((event) => event.attempt === 2)).toBe(true)
  })

  it("finds the signal that was committed after the body looked and before the run was suspended", async () => {
    const held = mortal(store)
    const runs = kernelOn(held, [defineWorkflow("late-ear", async (ctx) => (await ctx.waitForSignal<string>("go")) ?? null)])
    held.hold(/from signals where run_id/)
    const run = await runs.start(request("late-ear"))
    while (!(await typesOf(runs, run)).includes("signal.awaited")) await new Promise((resolve) => setTimeout(resolve, 5))
    // The look goes through and finds nothing; the suspending flush is on the way but not there yet.
    held.hold(/perdure_flush/)
    await new Promise((resolve) => setTimeout(resolve, 200))
    // From elsewhere: this process is not told.
    await signalRun(
      { store, payloadBytesMax: 1_000, onChanged: () => undefined, hasEnded: () => false },
      project,
      run.id,
      "go",
      "heard",
      run.label,
    )
    held.hold(undefined)
    expect((await end(runs, run)).output).toBe("heard")
  })

  it("finds the child that ended before its parent was suspended", async () => {
    const held = mortal(store)
    let childEnded: () => void = () => undefined
    const ended = new Promise<void>((resolve) => (childEnded = resolve))
    const runs = kernelOn(held, [
      defineWorkflow("quick", () => Promise.resolve("quick")),
      defineWorkflow("late-parent", async (ctx) => {
        const child = ctx.child<string>("quick", { kind: "workflow", name: "quick", input: null })
        // Keeps the parent in memory until the child has ended, and drops the sign of it.
        await ctx.step("busy", () => ended.then(() => null), { effect: "read" })
        return child
      }),
    ])
    const run = await runs.start(request("late-parent"))
    while ((await runs.list(project, { parentId: run.id, status: "completed" })).runs.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    childEnded()
    expect((await end(runs, run)).output).toBe("quick")
  })
})

const isThere = testEngines().includes("postgres")

describe.skipIf(!isThere)(`two processes on one Postgres${isThere ? "" : " (skipped: it is not installed)"}`, () => {
  let database: TestStore
  beforeAll(async () => {
    database = await openTestStore("postgres")
  })
  afterAll(() => database[Symbol.asyncDispose]())

  it("carries a transactional step out anew that waited for another one, which waited for it", async () => {
    await database.store.system.query("create table tills (project_id text not null, name text, sum int)")
    await database.store.system.query("select perdure_protect('tills')")
    await database.store.project(project).query("insert into tills values ($1, 'a', 0), ($1, 'b', 0)", [project])
    const both = Promise.withResolvers<void>()
    let arrived = 0
    const transfer = defineWorkflow("transfer", (ctx, [from = "", to = ""]: string[]) =>
      ctx.step(
        "transfer",
        async ({ tx }) => {
          await tx?.query("update tills set sum = sum - 1 where name = $1", [from])
          if ((arrived += 1) === 2) both.resolve()
          await both.promise
          await tx?.query("update tills set sum = sum + 1 where name = $1", [to])
          return null
        },
        { effect: "transactional" },
      ),
    )
    const runs = kernelOn(database.store, [transfer], { limits: { leaseMs: 20_000 } })
    const started = await Promise.all([runs.start(request("transfer", ["a", "b"])), runs.start(request("transfer", ["b", "a"]))])
    for (const run of started) expect((await end(runs, run)).status).toBe("completed")
    expect(arrived).toBe(3)
    expect(await database.store.project(project).query("select sum from tills")).toEqual([{ sum: 0 }, { sum: 0 }])
  })

  it("hands the runs of a dead process to a live one, with the lease as shipped", async () => {
    const limits = { ...testLimits, leaseMs: 2_000 }
    const victim = mortal(database.store)
    const definition = defineWorkflow("survivor", async (ctx) => {
      if (ctx.run.attempt === 1) await ctx.step("hang", () => new Promise<null>(() => undefined), { effect: "read" })
      else await ctx.step("hang", () => Promise.resolve(null), { effect: "read" })
      return ctx.run.attempt
    })
    const dying = kernelOn(victim, [definition], { limits })
    const survivor = kernelOn(await database.openAnother(), [definition], { limits })
    const started = await Promise.all(Array.from({ length: 5 }, () => dying.start(request("survivor"))))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    victim.kill()
    for (const run of started) expect((await end(survivor, run)).output).toBe(2)
  })

  it("executes on another process what a gateway starts, and lets the gateway cancel, signal and read it", async () => {
    const definition = defineWorkflow("remote", async (ctx) => {
      const word = await ctx.waitForSignal<string>("word")
      await ctx.step("hang", (step) => new Promise<null>((resolve) => step.signal.addEventListener("abort", () => resolve(null))), {
        effect: "idempotent",
      })
      return word ?? null
    })
    const gateway = kernelOn(database.store, [], { role: "gateway" })
    kernelOn(await database.openAnother(), [definition], { role: "executor" })
    const run = await gateway.start(request("remote"))
    expect(run.status).toBe("queued")
    await gateway.signal(project, run.id, "word", "hi", run.label)
    const types: string[] = []
    for await (const event of gateway.tail(project, run.id, 0, AbortSignal.timeout(20_000))) {
      types.push(event.type)
      if (event.type === "step.intended") expect((await gateway.cancel(project, run.id, "stop")).outcome).toBe("cancelling")
    }
    expect([types[0], types.at(-1), types.includes("signal.received")]).toEqual(["run.started", "run.ended", true])
    expect((await gateway.get(project, run.id))?.status).toBe("cancelled")
  })
})
