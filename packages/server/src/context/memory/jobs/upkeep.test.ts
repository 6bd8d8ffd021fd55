// The work after a write on a real kernel and database: facts, histories, duplicates, sessions, pages, models that fail, budgets, retention.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { startContextServer, type ContextServer } from "../../../testing/context-server.ts"
import { memoryForTests } from "../../../testing/memory-settings.ts"
import type { NewMemory } from "../types.ts"
import { paraphrases } from "./paraphrases.fixture.ts"

const caller = { projectId: "proj_default", principal: "key_test" }
const never = new AbortController().signal
/** Of recall → chat → remember. */
const cycles = Number(process.env["MEMORY_CYCLES"] ?? 60)
let server: ContextServer

beforeAll(async () => {
  const settings = { ...memoryForTests.settings, quietMs: 1, sessionGapMs: 1_000 }
  server = await startContextServer({ limits: { memoryUpkeepPollMs: 200 }, memory: { ...memoryForTests, settings } })
}, 300_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

async function say(scope: string, text: string, more: Partial<NewMemory> = {}): Promise<string> {
  return (await server.context.memories.remember(caller, { scope, text, ...more })).id
}

/** Until nothing is left to do now. */
async function settled(scope: string): Promise<void> {
  for (;;) {
    const { backlog, isBehind, endedAt } = await server.context.upkeep.status(caller, scope)
    if (!isBehind && backlog.toExtract + backlog.toIndex === 0 && endedAt !== null) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const facts = ["fact", "preference", "event"] as const

async function believed(scope: string): Promise<string[]> {
  return (await server.context.memories.list(caller, { scope, kinds: facts, limit: 100 })).map(({ text }) => text ?? "").sort()
}

async function recalled(scope: string, query: string, times: { asOf?: number; validAt?: number }): Promise<string[]> {
  const { entries } = await server.context.memories.recall(caller, { scopes: [scope], query, lanes: ["fact"], ...times }, never)
  return entries.map(({ text }) => text ?? "")
}

describe("facts by rules", { timeout: 300_000 }, () => {
  test("replace what held before from the day that the message names, with the join of its label and a quote", async () => {
    const scope = "user:facts"
    await say(scope, "I live in Paris.", { occurredAt: Date.UTC(2024, 0, 5) })
    await settled(scope)
    await say(scope, "I moved to Berlin last month, and I love green tea.", { occurredAt: Date.UTC(2024, 5, 5) })
    await settled(scope)
    expect(await believed(scope)).toEqual(["The user likes green tea.", "The user lives in Berlin."])
    const [berlin] = await server.context.memories.list(caller, { scope, kinds: ["fact"], limit: 1 })
    expect(berlin).toMatchObject({ op: "supersede", validFrom: Date.UTC(2024, 4, 1), label: { integrity: 3 } })
  })

  test("are right at every time of every history: what held then, and what was known then", async () => {
    const cities = ["Paris", "Berlin", "Rome", "Oslo"]
    const year = (index: number): number => Date.UTC(2020 + index, 0, 1)
    for (let history = 0; history < 3; history++) {
      const scope = `user:history-${history}`
      const known: number[] = []
      for (const [index, city] of cities.entries()) {
        await say(scope, `I moved to ${city}.`, { occurredAt: year(index + history) })
        await settled(scope)
        known.push(Date.now())
      }
      for (const [index, city] of cities.entries()) {
        const at = year(index + history) + 1_000
        expect(await recalled(scope, "Where does the user live?", { validAt: at })).toEqual([`The user lives in ${city}.`])
        expect(await recalled(scope, "Where does the user live?", { asOf: known[index] ?? 0 })).toEqual([`The user lives in ${city}.`])
      }
    }
  })

  test("an old message that comes late changes nothing that holds now, and is right for its time", async () => {
    const scope = "user:late"
    await say(scope, "I work at Globex.", { occurredAt: Date.UTC(2024, 0, 1) })
    await settled(scope)
    await say(scope, "I work at Acme.", { occurredAt: Date.UTC(2021, 0, 1) })
    await settled(scope)
    expect(await believed(scope)).toEqual(["The user works at Globex."])
    expect(await recalled(scope, "Where does the user work?", { validAt: Date.UTC(2022, 0, 1) })).toEqual(["The user works at Acme."])
  })

  test("are taken back by who says that they hold no longer, unless something else is believed already", async () => {
    const scope = "user:retract"
    await say(scope, "I live in Paris. I work at Acme.")
    await settled(scope)
    await say(scope, "I no longer work at Acme.")
    await say(scope, "I no longer live in Rome.")
    await settled(scope)
    expect(await believed(scope)).toEqual(["The user lives in Paris."])
  })

  test("of a tool or a model replace nothing, and nothing is read out of what was recalled", async () => {
    const scope = "user:trust"
    await say(scope, "I live in Paris.")
    await say(scope, "I live in Moscow.", { role: "tool" })
    await say(scope, "I live in Madrid.", { role: "assistant" })
    const from = await say(scope, "My name is Ada.", { source: { kind: "web", uri: "https://example.com" } })
    await say(scope, "I live in Lima.", { recalledFrom: [from] })
    await settled(scope)
    expect(await believed(scope)).toEqual(["The user is called Ada.", "The user lives in Paris."])
    await say(scope, "I live in Sofia.", { source: { kind: "web", uri: "https://example.com" } })
    await settled(scope)
    expect(await believed(scope)).toContain("The user lives in Paris.")
    const told = await recalled(scope, "Where does the user live?", {})
    expect(told[0]).toBe("The user lives in Paris.")
    expect(told).not.toContain("The user lives in Sofia.")
  })
})

describe("nothing grows", { timeout: 300_000 }, () => {
  const transcript = [
    "My name is Ada.",
    "I live in Paris and I work at Acme.",
    "I love green tea.",
    "Yesterday I bought a bike.",
    "What a day!",
  ]

  test("by a transcript that is replayed ten times", async () => {
    const scope = "user:replay"
    let first: string[] = []
    for (let replay = 0; replay < 10; replay++) {
      const conversation = `chat-${replay}`
      for (const text of transcript) await say(scope, text, { session: conversation, occurredAt: Date.UTC(2024, 0, 5) })
      await settled(scope)
      if (replay === 0) first = await believed(scope)
    }
    expect(first).toHaveLength(5)
    expect(await believed(scope)).toEqual(first)
  })

  test(`by ${cycles} cycles of recall, chat and remember`, async () => {
    const scope = "user:cycles"
    for (const text of transcript) await say(scope, text)
    await settled(scope)
    const before = await believed(scope)
    for (let cycle = 0; cycle < cycles; cycle++) {
      const query = { scopes: [scope], query: "What do you know about me?", lanes: ["fact"] as const }
      const { entries } = await server.context.memories.recall(caller, query, never)
      const told = entries.map(({ text }) => text).join(" ")
      await say(scope, `You told me in ${cycle}: ${told}`, { role: "assistant", recalledFrom: entries.map(({ id }) => id) })
      await say(scope, `<memory>${told}</memory> Thanks, number ${cycle}!`)
    }
    await settled(scope)
    expect(await believed(scope)).toEqual(before)
  })

  test("by the same said in other words: at most 2 in 100 are told apart", async () => {
    const scope = "user:paraphrases"
    for (const [first = ""] of paraphrases) await say(scope, first)
    await settled(scope)
    const before = await believed(scope)
    expect(before).toHaveLength(paraphrases.length)
    for (const [, ...others] of paraphrases) for (const other of others) await say(scope, other)
    await settled(scope)
    const count = paraphrases.reduce((sum, { length }) => sum + length - 1, 0)
    expect((await believed(scope)).length - before.length).toBeLessThanOrEqual(count * 0.02)
  })
})

describe("consolidation", { timeout: 300_000 }, () => {
  test("makes profiles and timelines that rest on their facts, and follows them", async () => {
    const scope = "user:pages"
    await say(scope, "I live in Paris. I work at Acme. Yesterday I bought a bike. On 2 May 2023 I ran my first marathon.")
    await settled(scope)
    const pages = (): Promise<string[]> =>
      server.context.memories
        .list(caller, { scope, kinds: ["profile", "timeline"], limit: 10 })
        .then((found) => found.map(({ text }) => text ?? "").sort())
    await expect.poll(pages, { timeout: 60_000 }).toHaveLength(2)
    const [timeline, profile] = await pages()
    expect(profile?.split("\n")).toEqual(["The user works at Acme.", "The user lives in Paris."])
    expect(timeline?.split("\n")[0]).toContain("2023-05-02")
    await say(scope, "I moved to Berlin.")
    await settled(scope)
    await expect.poll(pages, { timeout: 60_000 }).toContainEqual("The user works at Acme.\nThe user lives in Berlin.")
  })

  test("summarises a session after its gap, in sentences that its messages say", async () => {
    const scope = "user:sessions"
    const texts = [
      "We want to move the billing service to the new cluster in June.",
      "The new cluster has forty nodes and enough memory for billing.",
      "Grace will write the migration plan for the billing service.",
      "The old cluster is switched off when the migration is over.",
      "Lunch is at noon in the big kitchen on the second floor.",
      "Please remember that the migration needs a backup of billing first.",
      "My cat slept on the keyboard during the whole meeting today.",
    ]
    for (const text of texts) await say(scope, text, { session: "planning", occurredAt: Date.UTC(2024, 0, 5) })
    await settled(scope)
    const summaries = () => server.context.memories.list(caller, { scope, kinds: ["summary"], limit: 10 })
    await expect.poll(summaries, { timeout: 60_000 }).toHaveLength(1)
    const [summary] = await summaries()
    const lines = summary?.text?.split("\n") ?? []
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) expect(texts).toContain(line.replace("The user: ", ""))
  })
})

test(
  "a model that fails loses and blocks nothing: it is asked again, then rules read, and the failure stays visible",
  { timeout: 300_000 },
  async () => {
    let asked = 0
    const extractionModel = {
      name: "broken",
      worstMicroUsd: () => 0,
      ask: () => {
        asked += 1
        return Promise.reject(new Error("the provider is down"))
      },
    }
    await using other = await startContextServer({ limits: { memoryUpkeepPollMs: 50 }, memory: { ...memoryForTests, extractionModel } })
    const { memories, upkeep } = other.context
    await memories.remember(caller, { scope: "user:down", text: "I live in Paris." })
    const status = () => upkeep.status(caller, "user:down")
    await expect
      .poll(status, { timeout: 200_000 })
      .toMatchObject({ texts: { failed: 1, waiting: 0 }, backlog: { toExtract: 0 }, error: "the provider is down" })
    expect(asked).toBe(4)
    const [fact] = await memories.list(caller, { scope: "user:down", kinds: facts, limit: 10 })
    expect(fact).toMatchObject({ text: "The user lives in Paris." })
  },
)

test("a run that died after it was closed comes to its end by its log", { timeout: 300_000 }, async () => {
  const scope = "user:closed"
  await say(scope, "I live in Paris.")
  await settled(scope)
  const { system } = server.store
  const ended = () => system.query<{ id: string }>("select id from runs where title = $1 and status = 'completed' order by id", [scope])
  await expect.poll(async () => (await ended()).length, { timeout: 60_000 }).toBeGreaterThan(0)
  const [{ id } = { id: "" }] = await ended()
  const log = "select type, data->>'key' as key from run_events where run_id = $1 and type like 'step.%' order by seq"
  const before = await system.query(log, [id])
  // As it lies there when the process dies between its last step and its end.
  await system.query("delete from run_events where run_id = $1 and type = 'run.ended'", [id])
  await system.query("update runs set status = 'poisoned', executor = null, finished_at = null, output = null where id = $1", [id])
  const status = async () => (await system.query<{ status: string }>("select status from runs where id = $1", [id]))[0]?.status
  await server.runs.resume(caller.projectId, id)
  await expect.poll(status, { timeout: 120_000 }).not.toMatch(/queued|running/u)
  expect(await status()).toBe("completed")
  expect(await system.query(log, [id])).toEqual(before)
})
