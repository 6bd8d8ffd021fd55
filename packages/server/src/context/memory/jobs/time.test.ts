// What time does to memory: messages leave after the scope's retention with what rests on them alone, claims lapse, budgets begin anew each day.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { systemClock } from "../../../core/index.ts"
import { startContextServer, type ContextServer } from "../../../testing/context-server.ts"
import { memoryForTests } from "../../../testing/memory-settings.ts"
import type { ContextServices } from "../../index.ts"
import type { LeftOut, NewMemory } from "../types.ts"
import type { Question } from "./model-extraction.ts"
import type { UpkeepStatus } from "./status.ts"

const day = 86_400_000
const caller = { projectId: "proj_default", principal: "key_test" }
const never = new AbortController().signal
const derived = ["fact", "preference", "event", "summary", "profile", "timeline"] as const

// A day begins in none of the tests.
const noonMs = 1.5 * day - (systemClock.now() % day)
let aheadMs = 0
const clock = { now: () => systemClock.now() + noonMs + aheadMs, monotonic: () => systemClock.monotonic() }
beforeEach(() => {
  aheadMs = 0
})

type Parts = Pick<ContextServices, "memories" | "upkeep" | "scopes" | "changeLog">

async function say({ memories }: Parts, scope: string, text: string, more: Partial<NewMemory> = {}): Promise<string> {
  return (await memories.remember(caller, { scope, text, ...more })).id
}

const status = ({ upkeep }: Parts, scope: string): Promise<UpkeepStatus> => upkeep.status(caller, scope)

/** Until nothing is left to do now. */
async function settled(parts: Parts, scope: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const { isBehind, endedAt, backlog } = await status(parts, scope)
        return !isBehind && endedAt !== null && backlog.toIndex === 0
      },
      { timeout: 120_000 },
    )
    .toBe(true)
}

async function listed({ memories }: Parts, scope: string): Promise<string[]> {
  const [said, facts] = await Promise.all([
    memories.list(caller, { scope, kinds: ["episode"], limit: 100 }),
    memories.list(caller, { scope, kinds: derived, limit: 100 }),
  ])
  return [...said, ...facts].map(({ text }) => text ?? "").sort()
}

async function recalled(
  { memories }: Parts,
  scope: string,
  query: string,
  asOf?: number,
): Promise<{ texts: (string | null)[]; leftOut: LeftOut[] }> {
  const { entries, leftOut } = await memories.recall(
    caller,
    { scopes: [scope], query, explain: true, ...(asOf === undefined ? {} : { asOf }) },
    never,
  )
  return { texts: entries.map(({ text }) => text), leftOut }
}

describe("with rules", { timeout: 300_000 }, () => {
  let server: ContextServer
  let parts: Parts
  beforeAll(async () => {
    const settings = { ...memoryForTests.settings, quietMs: 1, claimLifeMs: 10 * day }
    server = await startContextServer({ clock, limits: { memoryUpkeepPollMs: 100 }, memory: { ...memoryForTests, settings } })
    parts = server.context
  }, 300_000)
  afterAll(() => server[Symbol.asyncDispose]())

  test("a retention that is set later ends old messages without another write, and what rests on them alone, but nothing else", async () => {
    const scope = "user:retention"
    const old = clock.now() - 40 * day
    const id = await say(parts, scope, "I live in Paris.", { occurredAt: old })
    await say(parts, scope, "I work at Acme.")
    await settled(parts, scope)
    expect(await listed(parts, scope)).toEqual(
      expect.arrayContaining(["I live in Paris.", "The user lives in Paris.", "The user works at Acme."]),
    )
    await parts.scopes.update(caller, scope, { retentionDays: 30 })
    await expect.poll(() => listed(parts, scope), { timeout: 120_000 }).not.toContain("I live in Paris.")
    await settled(parts, scope)
    const left = await listed(parts, scope)
    expect(left).toEqual(expect.arrayContaining(["I work at Acme.", "The user works at Acme."]))
    expect(left.join(" ")).not.toContain("Paris")
    expect((await recalled(parts, scope, "Where does the user live? Paris?")).texts.join(" ")).not.toContain("Paris")
    const place = await parts.changeLog.place({ caller, scope })
    const { changes } = await parts.changeLog.page(place, 0, { limit: 100 })
    expect(changes).toContainEqual(expect.objectContaining({ entry: id, op: "expire" }))
  })

  test("a message leaves when its time comes, a fact that a newer one says too stays", async () => {
    const scope = "user:later"
    await parts.scopes.update(caller, scope, { retentionDays: 20 })
    await say(parts, scope, "I live in Rome.", { occurredAt: clock.now() - 15 * day })
    await settled(parts, scope)
    await say(parts, scope, "I live in Rome!")
    await settled(parts, scope)
    expect(await listed(parts, scope)).toEqual(expect.arrayContaining(["I live in Rome.", "I live in Rome!", "The user lives in Rome."]))
    aheadMs = 10 * day
    await expect.poll(() => listed(parts, scope), { timeout: 120_000 }).not.toContain("I live in Rome.")
    expect(await listed(parts, scope)).toEqual(expect.arrayContaining(["I live in Rome!", "The user lives in Rome."]))
    aheadMs = 30 * day
    await expect.poll(() => listed(parts, scope), { timeout: 120_000 }).toEqual([])
  })

  test("a claim of the lowest trust lapses, at once for recalls and then for the lists; one that a person confirmed stays", async () => {
    const scope = "user:claims"
    const web = { source: { kind: "web", uri: "https://example.com" } } as const
    await say(parts, scope, "My dog is called Rex.", web)
    await say(parts, scope, "I live in Oslo.", web)
    await settled(parts, scope)
    const facts = await parts.memories.list(caller, { scope, kinds: ["fact"], limit: 10 })
    expect(facts.map(({ label }) => label.integrity)).toEqual(facts.map(() => 0))
    const home = facts.find(({ text }) => text?.includes("Oslo") === true)
    const other = facts.find(({ text }) => text?.includes("Rex") === true)
    await parts.memories.confirm(caller, home?.id ?? "")
    await settled(parts, scope)
    const before = clock.now()
    aheadMs = 11 * day
    const now = await recalled(parts, scope, "dog called Rex")
    expect(now.texts).not.toContain(other?.text)
    await expect.poll(() => listed(parts, scope), { timeout: 120_000 }).not.toContain(other?.text)
    expect(await listed(parts, scope)).toContain(home?.text)
    expect((await recalled(parts, scope, "dog called Rex", before)).texts).toContain(other?.text)
    const [version] = await parts.memories.versions(caller, other?.id ?? "", 10)
    expect(version).toMatchObject({ endedBy: "expire" })
  })
})

describe("with a model and a budget", { timeout: 300_000 }, () => {
  let server: ContextServer
  let parts: Parts
  const asked: Question[] = []
  beforeAll(async () => {
    const extractionModel = {
      name: "counting",
      worstMicroUsd: () => 40,
      ask: (_caller: object, question: Question) => {
        asked.push(question)
        return Promise.resolve({ text: '{"facts": []}', model: "counting-1", inputTokens: 10, outputTokens: 5, costMicroUsd: 40 })
      },
    }
    server = await startContextServer({ clock, limits: { memoryUpkeepPollMs: 100 }, memory: { ...memoryForTests, extractionModel } })
    parts = server.context
  }, 300_000)
  afterAll(() => server[Symbol.asyncDispose]())
  beforeEach(() => asked.splice(0))

  test("extraction stops at the scope's own budget, says so and when it goes on, and goes on the next day", async () => {
    const scope = "user:budget"
    await parts.scopes.update(caller, scope, { modelBudgetMicroUsd: 100 })
    for (const city of ["Paris", "Rome", "Oslo"]) {
      await say(parts, scope, `I live in ${city}.`, { session: city })
      await settled(parts, scope)
    }
    const tomorrow = (Math.floor(clock.now() / day) + 1) * day
    await expect
      .poll(() => status(parts, scope), { timeout: 120_000 })
      .toMatchObject({
        texts: { done: 2, waiting: 1 },
        backlog: { toExtract: 1 },
        isBehind: false,
        dueAt: expect.any(Number) as number,
        spentToday: { calls: 2, costMicroUsd: 80, budgetMicroUsd: 100 },
      })
    expect((await status(parts, scope)).error).toContain(
      `80 of 100 micro-USD are used up. It goes on at ${new Date(tomorrow).toISOString()}`,
    )
    expect(asked).toHaveLength(2)
    aheadMs = day
    await expect
      .poll(() => status(parts, scope), { timeout: 120_000 })
      .toMatchObject({ texts: { done: 3, waiting: 0 }, error: null, spentToday: { calls: 1 } })
    expect(asked).toHaveLength(3)
  })

  test("a budget that is raised is used at once", async () => {
    const scope = "user:raised"
    await parts.scopes.update(caller, scope, { modelBudgetMicroUsd: 50 })
    for (const city of ["Paris", "Rome"]) {
      await say(parts, scope, `I live in ${city}.`, { session: city })
      await settled(parts, scope)
    }
    await expect.poll(() => status(parts, scope), { timeout: 120_000 }).toMatchObject({ texts: { waiting: 1 } })
    await parts.scopes.update(caller, scope, { modelBudgetMicroUsd: 200 })
    await expect.poll(() => status(parts, scope), { timeout: 120_000 }).toMatchObject({ texts: { done: 2, waiting: 0 }, error: null })
  })

  test("a budget that allows no call at all leaves the reading to rules, and one of another scope is not touched", async () => {
    await parts.scopes.update(caller, "user:none", { modelBudgetMicroUsd: 0 })
    await say(parts, "user:none", "I live in Paris.")
    await settled(parts, "user:none")
    expect(asked).toHaveLength(0)
    expect(await listed(parts, "user:none")).toContain("The user lives in Paris.")
    await say(parts, "user:other", "I live in Paris.")
    await settled(parts, "user:other")
    expect(asked).toHaveLength(1)
  })
})
