// Guards around a call: what they see, what they may do, in which order, and what becomes of the call when they fail.
import { describe, expect, it } from "vitest"
import { defaultLimits, sleep } from "../../core/index.ts"
import {
  createGuards,
  createModeration,
  createRedactor,
  type Guard,
  type GuardCondition,
  type GuardContext,
  type Judgement,
} from "./index.ts"
import type { GuardSession } from "./session.ts"
import type { GuardText } from "./types.ts"

function contextOf(part: Partial<GuardContext> = {}): GuardContext {
  const fixed = { endpoint: "chat", runId: "run_1", projectId: "proj_a", principal: "key_a", user: null, model: "fast", tags: ["eu"] }
  return { ...fixed, signal: new AbortController().signal, ...part }
}

function session(guards: readonly Guard[], limits: Partial<typeof defaultLimits> = {}, part: Partial<GuardContext> = {}): GuardSession {
  const opened = createGuards({ rules: guards.map((guard) => ({ guard, when: {} })), limits: { ...defaultLimits, ...limits } }).open(
    contextOf(part),
  )
  if (!opened) throw new Error("no guard applies")
  return opened
}

const texts = (...all: string[]): GuardText[] => all.map((text) => ({ role: "user", text }))
const textsOf = async (opened: GuardSession, ...all: string[]): Promise<string[]> =>
  (await opened.before(texts(...all))).texts.map(({ text }) => text)

/** An answer in pieces: what went out for each, and at the end. */
async function answer(opened: GuardSession, pieces: readonly string[], { json = false, isWhole = false } = {}): Promise<string[]> {
  const text = opened.answerText({ json, isWhole })
  if (!text) return [...pieces]
  const out: string[] = []
  for (const piece of pieces) out.push(await text.push(piece))
  return [...out, await text.end()]
}

function redactor(part: Partial<Parameters<typeof createRedactor>[0]> = {}): Guard {
  const all = { name: "pii", entities: ["email", "phone"], patterns: [], inRequest: true, inAnswer: false, restore: false } as const
  return createRedactor({ ...all, action: { kind: "redact" }, ...part })
}

describe("which guards apply", () => {
  const guard: Guard = { name: "g" }
  it.each<[GuardCondition, boolean]>([
    [{}, true],
    [{ models: ["fast"] }, true],
    [{ models: ["fa*"], keys: ["key_a"], tags: ["us", "eu"] }, true],
    [{ models: ["slow"] }, false],
    [{ models: ["fast"], keys: ["key_b"] }, false],
    [{ tags: [] }, false],
  ])("%j: %s", (when, applies) => {
    expect(createGuards({ rules: [{ guard, when }], limits: defaultLimits }).open(contextOf()) !== undefined).toBe(applies)
  })
})

describe("the redactor", () => {
  it("writes the same word for the same value in all texts of a call, and none that the call has of itself", async () => {
    const opened = session([redactor()])
    expect(await textsOf(opened, "I am a@x.org or b@x.org", "[EMAIL_2] wrote a@x.org", "nothing")).toEqual([
      "I am [EMAIL_1] or [EMAIL_3]",
      "[EMAIL_2] wrote [EMAIL_1]",
      "nothing",
    ])
    expect(opened.summary).toBe("pii;before=redact;email=3")
    expect(JSON.stringify(opened.reports)).not.toContain("x.org")
  })

  it("gives back what it took, wherever the word is cut, and only to the call that it was taken from", async () => {
    const guard = redactor({ restore: true })
    const opened = session([guard])
    await textsOf(opened, "a@x.org")
    expect(await answer(opened, ["Hello [EM", "AIL_", "1], and [EMAIL_9] [", "]"])).toEqual([
      "Hello ",
      "",
      "a@x.org, and [EMAIL_9] ",
      "[]",
      "",
    ])
    const other = session([guard])
    await textsOf(other, "b@x.org")
    expect((await answer(other, ["[EMAIL_1]"])).join("")).toBe("b@x.org")
    const none = session([guard])
    await textsOf(none, "nothing")
    expect(none.answerText({ json: false, isWhole: false })).toBeUndefined()
  })

  it("writes what it gives back as JSON does, where it stands in JSON", async () => {
    const patterns = [{ kind: "quote", regex: /".+"/g, charsMax: 50 }]
    const opened = session([redactor({ restore: true, patterns })])
    expect(await textsOf(opened, 'say "a\\b"')).toEqual(["say [QUOTE_1]"])
    const out = (await answer(opened, ['{"text":"[QUOTE_1]"}'], { json: true })).join("")
    expect(JSON.parse(out)).toEqual({ text: '"a\\b"' })
  })

  it("takes out of an answer what its model made up, beside giving back what came from the request", async () => {
    const opened = session([redactor({ restore: true, inAnswer: true })])
    await textsOf(opened, "a@x.org")
    expect((await answer(opened, ["[EMAIL_1] knows c@x.org and c@x.org", " and d@x.org"])).join("")).toBe(
      "a@x.org knows [EMAIL_2] and [EMAIL_2] and [EMAIL_3]",
    )
    expect(opened.summary).toBe("pii;before=redact;email=1, pii;after=redact;email=3")
  })

  it("blocks or routes instead, by what it found and never by the value", async () => {
    const blocking = session([redactor({ action: { kind: "block" }, inAnswer: true })])
    expect(() => blocking.before(texts("a@x.org"))).toThrow(
      expect.objectContaining({ code: "content_blocked", status: 400, message: expect.not.stringContaining("x.org") as string }),
    )
    await expect(answer(blocking, ["to a@x.org "])).rejects.toMatchObject({ code: "content_blocked" })
    const routing = session([redactor({ action: { kind: "route", model: "local" } })])
    expect(await routing.before(texts("a@x.org"))).toEqual({ texts: texts("a@x.org"), model: "local" })
    expect(await routing.before(texts("nothing"))).toMatchObject({ model: undefined })
  })
})

describe("moderation", () => {
  const clean: Judgement = { flagged: false, categories: [], scores: { hate: 0.2 } }
  const bad: Judgement = { flagged: true, categories: ["hate"], scores: { hate: 0.9 } }
  function moderation(part: Partial<Parameters<typeof createModeration>[0]> = {}): Guard & { seen: string[] } {
    const seen: string[] = []
    const moderate = async (all: readonly string[]): Promise<Judgement[]> => {
      seen.push(...all)
      return all.map((text) => (text.includes("bad") ? bad : clean))
    }
    const base = { name: "mod", moderate, inRequest: true, inAnswer: true, scoreMax: undefined, failOpen: false, holdBackChars: 10 }
    return { ...createModeration({ ...base, action: { kind: "block" }, ...part }), seen }
  }

  it("judges what may come from a stranger, not what the operator wrote, and blocks by category", async () => {
    const guard = moderation()
    const opened = session([guard])
    const request: GuardText[] = [
      { role: "system", text: "bad words are bad" },
      { role: "user", text: "hello" },
      { role: "tool", text: "bad" },
    ]
    await expect(Promise.resolve(opened.before(request))).rejects.toMatchObject({
      code: "content_blocked",
      message: expect.stringContaining("hate") as string,
    })
    expect(guard.seen).toEqual(["hello", "bad"])
    expect(opened.summary).toBe("mod;before=block;hate=1")
  })

  it("decides by own thresholds where there are some", async () => {
    expect(await textsOf(session([moderation({ scoreMax: { hate: 0.95 } })]), "bad")).toEqual(["bad"])
    await expect(textsOf(session([moderation({ scoreMax: { hate: 0.1 } })]), "fine")).rejects.toMatchObject({ code: "content_blocked" })
  })

  it("routes a flagged request, but can only block a flagged answer", async () => {
    const opened = session([moderation({ action: { kind: "route", model: "strict" } })])
    expect(await opened.before(texts("bad"))).toMatchObject({ model: "strict" })
    await expect(answer(opened, ["bad"])).rejects.toMatchObject({ code: "content_blocked" })
  })

  it("judges an answer in overlapping windows: nothing is out before it was judged, and what is cut is seen whole", async () => {
    const guard = moderation()
    const pieces = ["0123456789abcdefgh", "ijklmnopqrstuvwx", "yz ba"]
    const out = await answer(session([guard]), pieces)
    expect(out.join("")).toBe(pieces.join(""))
    expect(out[0]).toBe("")
    expect(guard.seen.at(-1)).toContain("yz ba")
    const flagged = session([moderation()])
    const text = flagged.answerText({ json: false, isWhole: false })
    const gone: string[] = []
    const reading = (async () => {
      for (const piece of ["a long and harmless beginning of a b", "ad end of it all"]) gone.push((await text?.push(piece)) ?? "")
      gone.push((await text?.end()) ?? "")
    })()
    await expect(reading).rejects.toMatchObject({ code: "content_blocked" })
    expect(gone.join("")).toMatch(/^a long and/)
    expect(gone.join("")).not.toMatch(/of a/)
  })

  it("judges a whole answer once", async () => {
    const guard = moderation()
    await answer(session([guard]), ["x".repeat(100)], { isWhole: true })
    expect(guard.seen).toHaveLength(1)
  })
})

describe("several guards", () => {
  const tagging = (name: string): Guard => ({
    name,
    before: (all) => ({ action: "redact", texts: all.map(({ text }) => `${text}+${name}`) }),
    after: async (text) => ({ action: "redact", texts: [`${text}-${name}`] }),
  })

  it("see a request one after another and its answer in reverse, each what the one before has left", async () => {
    const opened = session([tagging("a"), tagging("b")])
    expect(await textsOf(opened, "x")).toEqual(["x+a+b"])
    expect(await answer(opened, ["y"])).toEqual(["", "y-b-a"])
    expect(opened.summary).toBe("a;before=redact, b;before=redact, b;after=redact, a;after=redact")
  })

  it("leave the request to the model that the last router named, in one synchronous step where none waits", () => {
    const route = (model: string): Guard => ({ name: model, before: () => ({ action: "route", model }) })
    expect(session([route("one"), route("two")]).before(texts("x"))).toEqual({ texts: texts("x"), model: "two" })
  })
})

describe("a guard that fails", () => {
  const failing = (failOpen?: boolean): Guard => ({
    name: "broken",
    before: () => {
      throw new Error("secret detail")
    },
    after: () => Promise.reject(new Error("secret detail")),
    ...(failOpen === undefined ? {} : { failOpen }),
  })

  it("lets nothing pass, or everything if it says so", async () => {
    const closed = session([failing()])
    expect(() => closed.before(texts("x"))).toThrow(
      expect.objectContaining({ code: "guard_unavailable", status: 503, message: expect.not.stringContaining("detail") as string }),
    )
    await expect(answer(closed, ["y"])).rejects.toMatchObject({ code: "guard_unavailable" })
    const open = session([failing(true)])
    expect([await textsOf(open, "x"), await answer(open, ["y"])]).toEqual([["x"], ["", "y"]])
    expect(open.summary).toBe("broken;before=failed, broken;after=failed")
  })

  it("is one that takes too long", async () => {
    const slow: Guard = { name: "slow", before: () => sleep(60_000).then(() => ({ action: "allow" })) }
    await expect(textsOf(session([slow], { guardMs: 20 }), "x")).rejects.toMatchObject({ code: "guard_unavailable" })
    expect(await textsOf(session([{ ...slow, failOpen: true }], { guardMs: 20 }), "x")).toEqual(["x"])
  })

  it("is one that gives other texts back than it was shown", () => {
    const wrong: Guard = { name: "wrong", before: () => ({ action: "redact", texts: [] }) }
    expect(() => session([wrong]).before(texts("x"))).toThrow(expect.objectContaining({ code: "guard_unavailable" }))
  })

  it("is not waited for when the client has left", async () => {
    const left = new AbortController()
    const slow: Guard = { name: "slow", before: () => sleep(60_000).then(() => ({ action: "allow" })), failOpen: true }
    const asked = textsOf(session([slow], {}, { signal: left.signal }), "x")
    left.abort(new Error("gone"))
    await expect(asked).rejects.toMatchObject({ code: "guard_unavailable" })
  })

  it("cannot put anything into the header that ends it", async () => {
    const odd: Guard = { name: "o", before: () => ({ action: "allow", found: { "x\r\nset-cookie: a,b;c": 1 } }) }
    const opened = session([odd])
    await textsOf(opened, "x")
    expect(opened.summary).toBe("o;before=allow;x__set-cookie__a_b_c=1")
  })
})
