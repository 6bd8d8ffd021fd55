// The behaviour of the kernel on both engines: starting, steps, waiting, children, cancelling, limits.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import type { JsonValue } from "../core/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import type { Store } from "../store/index.ts"
import { end, kernelOn, label, logOf, project, reaches, request, typesOf, within } from "./kernel.fixture.ts"
import type { Run } from "./types.ts"
import { defineWorkflow } from "./workflow.ts"

describe.each(testEngines())("runs on %s", (engine) => {
  let database: TestStore
  let store: Store
  beforeAll(async () => {
    database = await openTestStore(engine)
    store = database.store
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const five = defineWorkflow("five", async (ctx, input: number) => {
    let sum = input
    for (let i = 0; i < 5; i += 1) sum += await ctx.step(`add:${i}`, () => Promise.resolve(i), { effect: "read" })
    return sum
  })

  it("keeps a dense log from run.started to run.ended and the output", async () => {
    const runs = kernelOn(store, [five])
    const run = await runs.start(request("five", 1))
    const ended = await end(runs, run)
    expect([ended.status, ended.output, ended.lastSeq]).toEqual(["completed", 11, 7])
    const log = await logOf(runs, run)
    expect(log.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect([log[0]?.type, log.at(-1)?.type, log.at(-1)?.data]).toEqual(["run.started", "run.ended", { status: "completed" }])
    expect(await runs.get(project, run.id)).toMatchObject({ status: "completed", output: 11, attempt: 1, label })
  })

  it("starts an id once, whoever asks again", async () => {
    const runs = kernelOn(store, [five])
    const id = `run_${crypto.randomUUID()}`
    const started = await Promise.all([1, 2, 3].map((n) => runs.start(request("five", n, { id }))))
    expect(new Set(started.map((run) => run.id)).size).toBe(1)
    const [run] = started
    if (!run) throw new Error("nothing started")
    await end(runs, run)
    expect((await logOf(runs, run)).filter((event) => event.type === "run.started")).toHaveLength(1)
    await expect(runs.start(request("five", 1, { id, projectId: "proj_b" }))).rejects.toMatchObject({ code: "run_conflict" })
  })

  it("executes an id once, also when it is asked for in the flush of the run that has it", async () => {
    const bodies: string[] = []
    const chatty = defineWorkflow("chatty", async (ctx, input: string) => {
      bodies.push(input)
      for (let i = 0; i < 20; i += 1) await ctx.step(`say:${i}`, () => Promise.resolve(i), { effect: "read" })
      return input
    })
    const runs = kernelOn(store, [chatty])
    const id = `run_${crypto.randomUUID()}`
    const ask = (input: string): Promise<Run> => runs.start(request("chatty", input, { id }))
    const answers = await Promise.all([ask("a"), ask("b")])
    answers.push(await ask("c"))
    const [first] = answers
    if (!first) throw new Error("nothing started")
    expect(await end(runs, first)).toMatchObject({ status: "completed", output: bodies[0] })
    expect(bodies).toHaveLength(1)
    for (const answer of answers) expect(answer).toMatchObject({ input: bodies[0], createdAt: first.createdAt })
  })

  it("gives back what was written with its members in their order, large or small", async () => {
    const value = { zulu: 1, a: { later: [], b: null, "": "x" }, "10": true, c: "" }
    const large = { zulu: "x".repeat(100_000), a: 1 }
    const orderly = defineWorkflow("orderly", async (ctx, input: JsonValue) => {
      await ctx.step("large", () => Promise.resolve(large), { effect: "read" })
      const payload = await ctx.signal<JsonValue>("go")
      return { result: input, payload }
    })
    const runs = kernelOn(store, [orderly])
    const run = await runs.start(request("orderly", value, { metadata: { z: 1, aa: 2 } }))
    await reaches(runs, run, "waiting")
    await runs.signal(project, run.id, "go", value, label)
    const { input, output, metadata } = await end(runs, run)
    const step = (await logOf(runs, run)).find((event) => event.type === "step.completed")
    expect(JSON.stringify({ input, output, metadata })).toBe(
      JSON.stringify({ input: value, output: { result: value, payload: value }, metadata: { z: 1, aa: 2 } }),
    )
    expect(JSON.stringify(step?.data)).toContain(JSON.stringify(large))
  })

  it("does not let another project see, read, steer or delete a run", async () => {
    const runs = kernelOn(store, [five])
    const run = await runs.start(request("five", 1))
    await end(runs, run)
    expect(await runs.get("proj_b", run.id)).toBeUndefined()
    expect(await runs.events("proj_b", run.id, 0, 10)).toEqual([])
    expect((await runs.list("proj_b", {})).runs).toEqual([])
    expect(await runs.delete("proj_b", run.id)).toBe(false)
    await expect(runs.cancel("proj_b", run.id, "no")).rejects.toMatchObject({ code: "not_found" })
    await expect(runs.signal("proj_b", run.id, "go", null, label)).rejects.toMatchObject({ code: "not_found" })
    await expect(runs.tail("proj_b", run.id, 0, within())[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "not_found" })
    await expect(runs.ended("proj_b", run.id, within())).rejects.toMatchObject({ code: "not_found" })
  })

  it("fails with the body's error, and with one that names a key that is used twice", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("throws", () => Promise.reject(new Error("no luck"))),
      defineWorkflow("twice", async (ctx) => {
        await ctx.step("same", () => Promise.resolve(1), { effect: "read" })
        return ctx.step("same", () => Promise.resolve(2), { effect: "read" })
      }),
    ])
    const thrown = await end(runs, await runs.start(request("throws")))
    expect([thrown.status, thrown.error]).toEqual(["failed", { code: "server_error", message: "no luck" }])
    const twice = await end(runs, await runs.start(request("twice")))
    expect([twice.status, twice.error?.code, twice.error?.message.includes('"same"')]).toEqual(["failed", "run_conflict", true])
  })

  it("ends incomplete with the partial output and the reason when the body says so", async () => {
    const runs = kernelOn(store, [
      // oxlint-disable-next-line typescript/only-throw-error, typescript/prefer-promise-reject-errors -- an ending is a value by contract
      defineWorkflow("partial", () => Promise.reject({ status: "incomplete", output: { done: 1 }, reason: "budget" })),
    ])
    const run = await end(runs, await runs.start(request("partial")))
    expect([run.status, run.output, run.error]).toEqual(["incomplete", { done: 1 }, { code: "incomplete", message: "budget" }])
  })

  it("retries a read as often as it may, then fails the step; the body may go on", async () => {
    let calls = 0
    const runs = kernelOn(store, [
      defineWorkflow("retry", async (ctx) => {
        const flaky = await ctx.step("flaky", () => ((calls += 1) < 3 ? Promise.reject(new Error("again")) : Promise.resolve(calls)), {
          effect: "read",
          retries: 2,
        })
        const hopeless = await ctx
          .step("hopeless", () => Promise.reject(new Error("never")), { effect: "read" })
          .catch((error: Error) => error.message)
        return [flaky, hopeless]
      }),
    ])
    const run = await runs.start(request("retry"))
    expect((await end(runs, run)).output).toEqual([3, "never"])
    expect((await typesOf(runs, run)).filter((type) => type === "step.retried")).toHaveLength(2)
  })

  it("takes a step that is no promise, with its result or its error, and a body that returns nothing", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("plain", async (ctx) => {
        await ctx.step("value", () => 7, { effect: "read" })
        await ctx.step("timed", () => 8, { effect: "idempotent", timeoutMs: 60_000 })
      }),
      defineWorkflow("refused", async (ctx) => {
        const charge = (): never => {
          throw new Error("the card was refused")
        }
        await ctx.step("charge", charge, { effect: "read" })
      }),
    ])
    expect(await end(runs, await runs.start(request("plain")))).toMatchObject({ status: "completed", output: null })
    const refused = await end(runs, await runs.start(request("refused")))
    expect(refused).toMatchObject({ status: "failed", error: { message: "the card was refused" } })
  })

  it("treats a time-out as a failure of a read and as doubt about what happens once", async () => {
    const slow = (): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(1), 5_000).unref())
    const runs = kernelOn(store, [
      defineWorkflow("slow-read", (ctx) => ctx.step("slow", slow, { effect: "read", timeoutMs: 30 })),
      defineWorkflow("slow-once", (ctx) => ctx.step("slow", slow, { timeoutMs: 30 })),
    ])
    expect((await end(runs, await runs.start(request("slow-read")))).error).toMatchObject({ code: "upstream_timeout" })
    const doubtful = await reaches(runs, await runs.start(request("slow-once")), "in_doubt")
    expect((await typesOf(runs, doubtful)).at(-1)).toBe("run.in_doubt")
  })

  it("sleeps unloaded until an absolute time", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("nap", async (ctx) => {
        await ctx.sleep("nap", 400)
        return "rested"
      }),
    ])
    const startedAt = Date.now()
    const run = await runs.start(request("nap"))
    await reaches(runs, run, "waiting")
    expect((await end(runs, run)).output).toBe("rested")
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(390)
    expect(await typesOf(runs, run)).toEqual(["run.started", "sleep.started", "run.suspended", "run.resumed", "sleep.ended", "run.ended"])
  })

  it("keeps signals that come before the wait, gives each to one wait in order, and times out", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("listener", async (ctx) => {
        await ctx.sleep("first", 300)
        const pair = await Promise.all([ctx.waitForSignal<number>("go"), ctx.waitForSignal<number>("go")])
        const third = await ctx.signal<number>("go")
        return [...pair.map((value) => value ?? null), third ?? null, (await ctx.waitForSignal("never", { timeoutMs: 300 })) ?? "timed out"]
      }),
    ])
    const run = await runs.start(request("listener"))
    await runs.signal(project, run.id, "go", 1, label)
    await runs.signal(project, run.id, "go", 2, label)
    await reaches(runs, run, "waiting")
    setTimeout(() => void runs.signal(project, run.id, "go", 3, label), 450)
    expect((await end(runs, run)).output).toEqual([1, 2, 3, "timed out"])
    await expect(runs.signal(project, run.id, "go", 4, label)).rejects.toMatchObject({ code: "run_conflict" })
  })

  it("unloads a data body at every wait, also after it came back", async () => {
    const runs = kernelOn(store, [
      {
        kind: "agent",
        name: "asks-twice",
        version: "1",
        style: "data",
        async execute(ctx) {
          const first = await ctx.waitForSignal<string>("first")
          const second = await ctx.waitForSignal<string>("second")
          return [first ?? null, second ?? null]
        },
      },
    ])
    const run = await reaches(runs, await runs.start(request("asks-twice", null, { kind: "agent" })), "waiting")
    await runs.signal(project, run.id, "first", "a", label)
    await until(async () => ((await typesOf(runs, run)).filter((type) => type === "run.suspended").length === 2 ? true : undefined))
    await runs.signal(project, run.id, "second", "b", label)
    expect((await end(runs, run)).output).toEqual(["a", "b"])
  })

  it("loses no wake-up when a signal meets the suspending flush", async () => {
    const runs = kernelOn(store, [defineWorkflow("ear", async (ctx) => (await ctx.waitForSignal<number>("go")) ?? null)])
    const started = await Promise.all(Array.from({ length: 40 }, () => runs.start(request("ear"))))
    await Promise.all(
      started.map(async (run, i) => {
        for (let turn = 0; turn < i % 8; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        await runs.signal(project, run.id, "go", i, label)
      }),
    )
    const outputs = await Promise.all(started.map(async (run) => (await end(runs, run)).output))
    expect(outputs).toEqual(started.map((_, i) => i))
  })

  it("runs children once, hands their outputs and errors to the parent, and loses no end of a child", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("double", (ctx, n: number) =>
        ctx.step("double", () => (n < 0 ? Promise.reject(new Error("negative")) : Promise.resolve(n * 2)), { effect: "read" }),
      ),
      defineWorkflow("parent", async (ctx, numbers: number[]) => {
        const children = numbers.map((n) => ctx.child<number>(`double:${n}`, { kind: "workflow", name: "double", input: n }))
        const settled = await Promise.allSettled(children)
        return settled.map((result) => (result.status === "fulfilled" ? result.value : (result.reason as Error).message.slice(-8)))
      }),
    ])
    const parents = await Promise.all(Array.from({ length: 10 }, (_, i) => runs.start(request("parent", [i, i + 1, -1]))))
    const outputs = await Promise.all(parents.map(async (run) => (await end(runs, run)).output))
    expect(outputs).toEqual(parents.map((_, i) => [i * 2, i * 2 + 2, "negative"]))
    const [first] = parents
    expect((await runs.list(project, { parentId: first?.id ?? "" })).runs).toHaveLength(3)
  })

  it("cancels the whole tree, aborts what runs, still journals a once in flight, and says when it was too late", async () => {
    let release: (value: string) => void = () => undefined
    let aborted = false
    const runs = kernelOn(store, [
      defineWorkflow("asleep", (ctx) => ctx.sleep("long", 3_600_000).then(() => null)),
      defineWorkflow("busy", async (ctx) => {
        const effect = ctx.step("pay", (step) => {
          step.signal.addEventListener("abort", () => (aborted = true))
          return new Promise<string>((resolve) => (release = resolve))
        })
        await Promise.all([effect, ctx.child("child", { kind: "workflow", name: "asleep", input: null })])
        return null
      }),
    ])
    const run = await runs.start(request("busy"))
    const child = await until(async () => (await runs.list(project, { parentId: run.id })).runs[0])
    const sleeping = await runs.get(project, child.id)
    if (!sleeping) throw new Error("no child")
    await reaches(runs, sleeping, "waiting")
    expect((await runs.cancel(project, run.id, "enough")).outcome).toBe("cancelling")
    await until(() => Promise.resolve(aborted || undefined))
    release("paid")
    const ended = await end(runs, run)
    expect([ended.status, ended.error]).toEqual(["cancelled", { code: "cancelled", message: "enough" }])
    expect((await runs.get(project, child.id))?.status).toBe("cancelled")
    expect((await logOf(runs, run)).find((event) => event.type === "step.completed")?.data).toMatchObject({ key: "pay", output: "paid" })
    expect((await runs.cancel(project, run.id, "again")).outcome).toBe("already_ended")
    expect((await typesOf(runs, sleeping)).at(-1)).toBe("run.ended")
  })

  it("survives a body that awaits one operation while another one fails", async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on("unhandledRejection", note)
    onTestFinished(() => void process.off("unhandledRejection", note))
    const runs = kernelOn(store, [
      defineWorkflow("side-by-side", async (ctx) => {
        const failing = ctx.step("failing", () => Promise.reject(new Error("too bad")), { effect: "read" })
        await ctx.step("slow", () => new Promise<null>((resolve) => setTimeout(() => resolve(null), 200)), { effect: "read" })
        return failing
      }),
    ])
    const run = await runs.start(request("side-by-side"))
    expect(await end(runs, run)).toMatchObject({ status: "failed", error: { message: expect.stringContaining("too bad") } })
    expect(unhandled).toEqual([])
  })

  it("cancels a waiting run at once", async () => {
    const runs = kernelOn(store, [defineWorkflow("patient", (ctx) => ctx.waitForSignal("never").then(() => null))])
    const run = await reaches(runs, await runs.start(request("patient")), "waiting")
    expect((await runs.cancel(project, run.id, "bored")).outcome).toBe("cancelled")
    expect((await end(runs, run)).status).toBe("cancelled")
  })

  it("ends incomplete at the deadline, loaded or not", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("loaded", (ctx) =>
        ctx.step(
          "hang",
          (step) => new Promise<null>((_, reject) => step.signal.addEventListener("abort", () => reject(new Error("aborted")))),
          { effect: "read" },
        ),
      ),
      defineWorkflow("unloaded", (ctx) => ctx.waitForSignal("never").then(() => null)),
    ])
    for (const name of ["loaded", "unloaded"]) {
      const ended = await end(runs, await runs.start(request(name, null, { deadlineMs: 400 })))
      expect([ended.status, ended.error?.code]).toEqual(["incomplete", "deadline_exceeded"])
    }
  })

  it("executes no more runs at once than it may, and all of them in the end", async () => {
    let now = 0
    let most = 0
    const runs = kernelOn(
      store,
      [
        defineWorkflow("crowd", (ctx) =>
          ctx.step("work", async () => {
            now += 1
            most = Math.max(most, now)
            await new Promise((resolve) => setTimeout(resolve, 5))
            now -= 1
            return null
          }),
        ),
      ],
      { limits: { runsInFlightMax: 3 } },
    )
    const started = await Promise.all(Array.from({ length: 20 }, () => runs.start(request("crowd"))))
    for (const run of started) expect((await end(runs, run)).status).toBe("completed")
    expect(most).toBeLessThanOrEqual(3)
  })

  it("refuses what the database cannot hold, at the step that returned it, and harms no neighbour", async () => {
    const runs = kernelOn(store, [
      five,
      defineWorkflow("bad", (ctx, value: JsonValue) => ctx.step("bad", () => Promise.resolve(value), { effect: "read" })),
    ])
    const neighbours = Array.from({ length: 10 }, () => runs.start(request("five", 1)))
    for (const value of ["nul \0 inside", "half \ud800 pair", "x".repeat(200)]) {
      const run = await runs.start(request("bad", "ok"))
      expect((await end(runs, run)).status).toBe("completed")
      await expect(runs.start(request("bad", value.includes("x") ? "\0" : value))).rejects.toMatchObject({ code: "unsupported_value" })
    }
    for (const neighbour of neighbours) expect((await end(runs, await neighbour)).output).toBe(11)
  })

  it("names the place of a NUL in the input of a workflow as its request has it", async () => {
    const runs = kernelOn(store, [five])
    for (const [input, param] of [
      ["a\0b", "input"],
      [{ to: ["x", "\0"] }, "input.to[1]"],
      [{ "\0": 1 }, "a name in input"],
    ] as const)
      await expect(runs.start(request("five", input))).rejects.toMatchObject({
        code: "unsupported_value",
        param,
        message: expect.stringContaining(`${param} contains a NUL`) as string,
      })
  })

  it("fails the step whose output holds a NUL or is too large, with the limit named", async () => {
    const runs = kernelOn(
      store,
      [
        defineWorkflow("nul", (ctx) => ctx.step("nul", () => Promise.resolve("a\0b"), { effect: "read" })),
        defineWorkflow("huge", (ctx) => ctx.step("huge", () => Promise.resolve("x".repeat(300_000)), { effect: "read" })),
        defineWorkflow("escaped", (ctx) => ctx.step("escaped", () => Promise.resolve(String.raw`a\u0000b \ud800`), { effect: "read" })),
      ],
      { limits: { stepOutputBytesMax: 200_000 } },
    )
    expect((await end(runs, await runs.start(request("nul")))).error?.code).toBe("unsupported_value")
    const huge = await end(runs, await runs.start(request("huge")))
    expect([huge.error?.code, huge.error?.message.includes("200000 bytes")]).toEqual(["step_output_too_large", true])
    expect((await end(runs, await runs.start(request("escaped")))).output).toBe(String.raw`a\u0000b \ud800`)
  })

  it("keeps large outputs in blobs and hands them back whole", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("large", (ctx) =>
        ctx.step("large", () => Promise.resolve("y".repeat(150_000)), { effect: "read" }).then((text) => text.length),
      ),
    ])
    const run = await runs.start(request("large"))
    expect((await end(runs, run)).output).toBe(150_000)
    const step = (await logOf(runs, run)).find((event) => event.type === "step.completed")
    expect(JSON.stringify(step?.data).length).toBeGreaterThan(150_000)
    const [row] = await store.system.query<{ inline: boolean; blobs: number }>(
      "select bool_or(data is not null and blob is not null) as inline, count(blob) as blobs from run_events where run_id = $1",
      [run.id],
    )
    expect(row).toEqual({ inline: false, blobs: 1 })
  })

  it("sums recorded usage into the run and its summary", async () => {
    const runs = kernelOn(store, [
      defineWorkflow("spender", (ctx) => {
        ctx.emit("usage.recorded", {
          model: "m",
          deployment: "d",
          inputTokens: 10,
          outputTokens: 5,
          cachedTokens: 1,
          reasoningTokens: 2,
          costMicroUsd: 7,
          costKnown: true,
        })
        ctx.emit("usage.recorded", { model: "m", deployment: "d", inputTokens: 1, outputTokens: 1, costMicroUsd: 3, costKnown: false })
        return Promise.resolve(null)
      }),
    ])
    const run = await runs.start(request("spender"))
    const usage = { inputTokens: 11, outputTokens: 6, cachedTokens: 1, reasoningTokens: 2, costMicroUsd: 10, costKnown: false }
    expect((await end(runs, run)).usage).toEqual(usage)
    const summary = (await runs.list(project, { search: run.id })).runs[0]
    expect([summary?.usage, summary?.model, summary?.status]).toEqual([usage, "m", "completed"])
  })

  it("lists newest first in pages, by filter and words, and deletes only what has ended", async () => {
    const runs = kernelOn(store, [five, defineWorkflow("open", (ctx) => ctx.waitForSignal("never").then(() => null))])
    const mine = { kind: "workflow", conversationId: `conv_${engine}` } as const
    const started: string[] = []
    for (let i = 0; i < 5; i += 1) started.push((await runs.start(request("five", i, { conversationId: mine.conversationId }))).id)
    const open = await reaches(
      runs,
      await runs.start(request("open", { needle: "100%_haystack" }, { conversationId: mine.conversationId })),
      "waiting",
    )
    const pages: string[] = []
    let before: string | undefined
    do {
      const page = await runs.list(project, { ...mine, limit: 2, ...(before === undefined ? {} : { before }) })
      pages.push(...page.runs.map((run) => run.id))
      before = page.next ?? undefined
    } while (before !== undefined)
    expect(pages).toEqual([...started, open.id].toSorted().toReversed())
    expect((await runs.list(project, { ...mine, status: "waiting" })).runs.map((run) => run.id)).toEqual([open.id])
    expect((await runs.list(project, { ...mine, search: "100%_hay" })).runs.map((run) => run.id)).toEqual([open.id])
    expect((await runs.list(project, { ...mine, search: "100x_hay" })).runs).toEqual([])
    await expect(runs.delete(project, open.id)).rejects.toMatchObject({ code: "run_conflict" })
    const [first] = started
    await runs.ended(project, first ?? "", within())
    expect(await runs.delete(project, first ?? "")).toBe(true)
    expect(await runs.get(project, first ?? "")).toBeUndefined()
    expect(await store.system.query("select 1 from run_events where run_id = $1", [first ?? ""])).toEqual([])
  })

  it("tells live lists which runs changed", async () => {
    const runs = kernelOn(store, [five])
    const stop = new AbortController()
    const seen = new Set<string>()
    const watching = (async () => {
      for await (const id of runs.changes(project, stop.signal)) seen.add(id)
    })()
    const run = await runs.start(request("five", 1))
    await end(runs, run)
    await until(() => Promise.resolve(seen.has(run.id) || undefined))
    stop.abort()
    await watching
    expect([...seen]).toContain(run.id)
  })
})

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const signal = within()
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (signal.aborted) throw new Error("it did not happen in time")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
