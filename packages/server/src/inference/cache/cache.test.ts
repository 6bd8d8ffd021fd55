// The answer cache: what is answered from it and what never is, in one process and in several.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits, sleep, type Limits } from "../../core/index.ts"
import { openTestStore, testEngines, type TestStore } from "../../testing/database.ts"
import { createAnswerCache, type AnswerCacheOptions } from "./cache.ts"
import { answered, ask, asked, find, hour, letterEmbedding, testClock, textOf } from "./cache.fixtures.ts"

function open(options: Partial<Omit<AnswerCacheOptions, "limits">> = {}, limits: Partial<Limits> = {}) {
  const clock = testClock()
  const errors: string[] = []
  const onError = (what: string): void => void errors.push(what)
  const cache = createAnswerCache({ clock, onError, ...options, limits: { ...defaultLimits, ...limits } })
  return { cache, clock: options.clock ?? clock, pass: (ms: number) => clock.pass(ms), errors }
}

describe("the cache of one process", () => {
  it("answers the same request at once, frame by frame as it was sent, with its age and what it cost", async () => {
    const { cache, pass } = open()
    expect((await ask(cache, asked("hi"), answered("data: a\n\n", "data: b\n\n"))).kind).toBe("miss")
    pass(1_500)
    const hit = cache.find(asked("hi"), new AbortController().signal)
    expect(hit).toMatchObject({ kind: "hit", ageMs: 1_500, facts: { costMicroUsd: 20, deployment: "fake/m" } })
    expect("frames" in hit && hit.frames.map(String)).toEqual(["data: a\n\n", "data: b\n\n"])
  })

  it("forgets an answer when its life is over, and gives none that is older than a request wants", async () => {
    const { cache, pass } = open()
    await ask(cache, asked("hi"), answered("old"))
    pass(60_000)
    expect((await ask(cache, asked("hi", { ageMsMax: 30_000 }), answered("new"))).kind).toBe("miss")
    expect(textOf(await find(cache, asked("hi")))).toBe("new")
    // What was kept for a request that wanted 30 seconds lives no longer.
    pass(30_001)
    expect((await find(cache, asked("hi"))).kind).toBe("miss")
    await ask(cache, asked("long"), answered("kept"))
    pass(hour - 1)
    expect((await find(cache, asked("long"))).kind).toBe("hit")
    pass(1)
    expect((await find(cache, asked("long"))).kind).toBe("miss")
  })

  it("forgets all of it when told to", async () => {
    const { cache } = open()
    await ask(cache, asked("hi"), answered("old"))
    cache.forget()
    expect([cache.sizeBytes, (await find(cache, asked("hi"))).kind]).toEqual([0, "miss"])
  })

  it("makes an answer anew when asked to, and gives the new one from then on", async () => {
    const { cache } = open()
    await ask(cache, asked("hi"), answered("old"))
    expect((await ask(cache, asked("hi", { read: false }), answered("new"))).kind).toBe("miss")
    expect(textOf(await find(cache, asked("hi")))).toBe("new")
  })

  it("does not take part for a request that is too warm or names no end user where the scope is one", async () => {
    const { cache } = open()
    const warm = asked("hi", { body: { messages: [], temperature: 0.7 } }, { temperatureMax: 0.5 })
    const unsaid = asked("hi", {}, { temperatureMax: 0.5 })
    expect([await find(cache, warm), await find(cache, unsaid), await find(cache, asked("hi", {}, { scope: "user" }))]).toEqual([
      { kind: "bypass" },
      { kind: "bypass" },
      { kind: "bypass" },
    ])
    const cool = asked("hi", { body: { messages: [], temperature: 0 } }, { temperatureMax: 0.5 })
    expect((await find(cache, cool)).kind).toBe("miss")
  })

  it("keeps neither what a filter cut nor what is larger than one answer may be", async () => {
    const { cache } = open({}, { cacheAnswerBytesMax: 2_000 })
    await ask(cache, asked("filtered"), answered('{"choices":[{"finish_reason": "content_filter"}]}'))
    await ask(cache, asked("refused"), answered('data: {"delta":{"stop_reason":"refusal"}}\n\n'))
    await ask(cache, asked("large"), answered("x".repeat(2_000)))
    await ask(cache, asked("told"), answered(String.raw`{"content":"say \"finish_reason\":\"content_filter\""}`))
    const kinds = await Promise.all(["filtered", "refused", "large", "told"].map(async (text) => (await find(cache, asked(text))).kind))
    expect(kinds).toEqual(["miss", "miss", "miss", "hit"])
  })

  it("stays below its bytes by forgetting what was not used for longest", async () => {
    const { cache } = open({}, { cacheMemoryBytesMax: 20_000 })
    for (let count = 0; count < 8; count += 1) {
      await ask(cache, asked(`number ${count}`), answered("x".repeat(4_000)))
      await find(cache, asked("number 0"))
      expect(cache.sizeBytes).toBeLessThanOrEqual(20_000)
    }
    const kinds = await Promise.all([0, 1, 2, 7].map(async (count) => (await find(cache, asked(`number ${count}`))).kind))
    expect(kinds).toEqual(["hit", "miss", "miss", "hit"])
  })
})

describe("identical requests at once", () => {
  it("make one call: the others are given its answer", async () => {
    const { cache } = open()
    const first = await find(cache, asked("hi"))
    const others = [1, 2, 3].map(() => find(cache, asked("hi")))
    expect((await find(cache, asked("another"))).kind).toBe("miss")
    if (first.kind === "miss") first.store(answered("once"))
    expect((await Promise.all(others)).map(textOf)).toEqual(["once", "once", "once"])
  })

  it("each make their own when the first has no answer to share, or takes too long", async () => {
    const { cache } = open({}, { cacheFlightWaitMs: 50 })
    const failed = await find(cache, asked("failed"))
    const other = find(cache, asked("failed"))
    if (failed.kind === "miss") failed.abandon()
    expect((await other).kind).toBe("miss")
    await find(cache, asked("slow"))
    expect((await find(cache, asked("slow"))).kind).toBe("miss")
  })

  it("stop waiting when their client leaves", async () => {
    const { cache } = open()
    await find(cache, asked("hi"))
    const left = new AbortController()
    const waiting = find(cache, asked("hi"), left.signal)
    left.abort(new Error("gone"))
    await expect(waiting).rejects.toThrow("gone")
  })
})

describe("questions that mean the same", () => {
  const semantic = { mode: "semantic" } as const
  const similar = ["how tall is the tower", "how tall is this tower"] as const

  it("are given the answer of the nearest, above the least similarity only", async () => {
    const { cache } = open({ embedding: letterEmbedding() })
    await ask(cache, asked(similar[0], {}, semantic), answered("300 m"))
    const near = await find(cache, asked(similar[1], {}, semantic))
    expect(near).toMatchObject({ kind: "semantic", similarity: expect.closeTo(0.95, 1) as number })
    expect(textOf(near)).toBe("300 m")
    expect((await find(cache, asked(similar[1], {}, { ...semantic, similarityMin: 0.999 }))).kind).toBe("miss")
    expect((await find(cache, asked("where do penguins live", {}, semantic))).kind).toBe("miss")
  })

  it("are never answered across projects, keys or users, however alike they are", async () => {
    const { cache } = open({ embedding: letterEmbedding() })
    const place = { user: "ada" }
    for (const scope of ["principal", "project", "user"] as const)
      await ask(cache, asked(similar[0], place, { ...semantic, scope }), answered(scope))
    const foreign = [
      asked(similar[0], { ...place, projectId: "proj_b" }, { ...semantic, scope: "project" }),
      asked(similar[0], { ...place, principal: "key_b" }, { ...semantic, scope: "principal" }),
      asked(similar[0], { user: "bob" }, { ...semantic, scope: "user" }),
    ]
    for (const question of foreign)
      expect((await find(cache, { ...question, policy: { ...question.policy, similarityMin: -1 } })).kind).toBe("miss")
  })

  it("embed the question alone: no scope stands in the text", async () => {
    const embedding = letterEmbedding()
    const { cache } = open({ embedding })
    await ask(cache, asked(similar[0], { user: "ada" }, { ...semantic, scope: "user" }), answered("x"))
    expect(embedding.texts).toEqual([similar[0]])
  })

  it("are not given tool calls, which the same request is given", async () => {
    const { cache } = open({ embedding: letterEmbedding() })
    const call = answered('{"choices":[{"message":{"tool_calls":[{"id":"call_1"}]}}]}')
    await ask(cache, asked(similar[0], {}, semantic), call)
    expect([await find(cache, asked(similar[0], {}, semantic)), await find(cache, asked(similar[1], {}, semantic))]).toMatchObject([
      { kind: "hit" },
      { kind: "miss" },
    ])
  })

  it("are not compared where the model would not read the whole text, or fails", async () => {
    const unread = open({ embedding: letterEmbedding({ readsWhole: () => false }) })
    await ask(unread.cache, asked(similar[0], {}, semantic), answered("x"))
    expect((await find(unread.cache, asked(similar[1], {}, semantic))).kind).toBe("miss")
    const broken = open({ embedding: letterEmbedding({ embedAs: () => () => Promise.reject(new Error("no model")) }) })
    await ask(broken.cache, asked(similar[0], {}, semantic), answered("x"))
    expect((await find(broken.cache, asked(similar[0], {}, semantic))).kind).toBe("hit")
    expect(broken.errors).toEqual(["embedding a question for the answer cache"])
  })

  it("are compared with a bounded number of answers to one topic", async () => {
    const { cache } = open({ embedding: letterEmbedding() }, { cacheTopicAnswersMax: 2 })
    for (const text of ["aaa", "bbb", "ccc"]) await ask(cache, asked(text, {}, semantic), answered(text))
    const kinds = await Promise.all(["aaaa", "bbbb", "cccc"].map(async (text) => (await find(cache, asked(text, {}, semantic))).kind))
    expect(kinds).toEqual(["miss", "semantic", "semantic"])
  })
})

describe.each(testEngines())("the shared level on %s", (engine) => {
  let database: TestStore
  beforeAll(async () => {
    database = await openTestStore(engine)
  })
  afterAll(() => database[Symbol.asyncDispose]())
  const limits = { cacheLookupMs: 60_000 }
  const process = (some: Partial<Limits> = {}, options: Partial<AnswerCacheOptions> = {}) =>
    open({ store: database.store, embedding: letterEmbedding(), ...options }, { ...limits, ...some })

  it("gives another process the answer, byte for byte, and that one keeps it", async () => {
    const [one, two] = [process(), process()]
    const bytes = Buffer.from([0, 255, 10, 13, 92, 39])
    await ask(one.cache, asked("hi", { stream: true }), { ...answered("data: ü\n\n"), frames: [Buffer.from("data: ü\n\n"), bytes] })
    await one.cache.flush()
    const hit = await find(two.cache, asked("hi", { stream: true }))
    expect(hit).toMatchObject({ kind: "hit", facts: { costMicroUsd: 20, deployment: "fake/m", costKnown: true } })
    expect("frames" in hit && hit.frames.map((frame) => frame.toString("hex"))).toEqual([
      Buffer.from("data: ü\n\n").toString("hex"),
      bytes.toString("hex"),
    ])
    expect(two.cache.find(asked("hi", { stream: true }), new AbortController().signal)).toMatchObject({ kind: "hit" })
    expect((await find(two.cache, asked("hi"))).kind).toBe("miss")
    expect((await find(two.cache, asked("hi", { stream: true, projectId: "proj_b" }))).kind).toBe("miss")
    await one.cache[Symbol.asyncDispose]()
    await two.cache[Symbol.asyncDispose]()
  })

  it("finds questions that mean the same across processes, within one project", async () => {
    const semantic = { mode: "semantic", scope: "project" } as const
    const [one, two] = [process(), process()]
    await ask(one.cache, asked("how tall is the tower", {}, semantic), answered("300 m"))
    await ask(one.cache, asked("where do penguins live", {}, semantic), answered("south"))
    await one.cache[Symbol.asyncDispose]()
    const near = await find(two.cache, asked("how tall is this tower", {}, semantic))
    expect([near.kind, textOf(near)]).toEqual(["semantic", "300 m"])
    expect((await find(two.cache, asked("how tall is this tower", { projectId: "proj_b" }, semantic))).kind).toBe("miss")
    await two.cache[Symbol.asyncDispose]()
  })

  it("replaces an answer by a newer one, also within one batch", async () => {
    const [one, two] = [process(), process()]
    for (const text of ["first", "second"]) await ask(one.cache, asked("twice", { read: false }), answered(text))
    await one.cache.flush()
    await ask(one.cache, asked("twice", { read: false }), answered("third"))
    await one.cache[Symbol.asyncDispose]()
    expect(textOf(await find(two.cache, asked("twice")))).toBe("third")
    await two.cache[Symbol.asyncDispose]()
  })

  it("deletes what has expired, and the oldest of what is too much", async () => {
    const count = async (): Promise<number> =>
      (await database.store.system.query<{ count: number }>("select count(*)::int4 as count from cached_answers"))[0]?.count ?? -1
    await database.store.system.query("delete from cached_answers")
    const clock = testClock()
    const one = process({ cacheSweepMs: 10, cacheSharedBytesMax: 5_000 }, { clock })
    await ask(one.cache, asked("short", {}, { ttlMs: 1_000 }), answered("x"))
    for (const text of ["a", "b", "c", "d"]) {
      clock.pass(10)
      await ask(one.cache, asked(text), answered("x".repeat(2_000)))
    }
    await one.cache.flush()
    await expect.poll(count, { timeout: 30_000 }).toBe(2)
    const two = process({}, { clock })
    const kinds = await Promise.all(["a", "d"].map(async (text) => (await find(two.cache, asked(text))).kind))
    expect(kinds).toEqual(["miss", "hit"])
    clock.pass(hour)
    await expect.poll(count, { timeout: 30_000 }).toBe(0)
    await one.cache[Symbol.asyncDispose]()
    await two.cache[Symbol.asyncDispose]()
  })

  it("is not waited for when it is slow or gone: that is a miss", async () => {
    const hanging = { project: () => ({ query: () => sleep(60_000) }), system: database.store.system } as never
    const slow = open({ store: hanging }, { cacheLookupMs: 20 })
    expect((await find(slow.cache, asked("hi"))).kind).toBe("miss")
    const failing = { project: () => ({ query: () => Promise.reject(new Error("down")) }), system: database.store.system } as never
    const gone = open({ store: failing }, limits)
    expect((await find(gone.cache, asked("hi"))).kind).toBe("miss")
    expect(gone.errors).toEqual(["reading the shared answer cache"])
    await slow.cache[Symbol.asyncDispose]()
    await gone.cache[Symbol.asyncDispose]()
  })
})
