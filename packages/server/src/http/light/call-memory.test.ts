// Calls whose memory is slow, broken or refused: they are answered all the same, say so, and fail only where they are told to.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { contextAssembler, type AssembledContext, type MemoryWish } from "../../agents/index.ts"
import { AppError } from "../../core/index.ts"
import { createGate } from "../../security/index.ts"
import { startFakeProvider, type FakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, type RawAnswer, type TestGateway } from "../../testing/gateway.ts"
import type { CallMemories, TurnsToKeep } from "../memory/call-memories.ts"
import { createTurnQueue } from "../memory/turn-queue.ts"

let provider: FakeProvider
let gateway: TestGateway
let assemble: CallMemories["assemble"]
let keep: CallMemories["keep"]
let kept: TurnsToKeep[] = []

const label = { integrity: 0 as const, sources: ["url:evil.example"], readers: ["proj_test"], secrets: [] }
const given: AssembledContext = {
  instructions: "Standing instructions",
  standing: "What is known",
  recalled: "What was recalled",
  manifest: { entries: [{ id: "mem_1" }], cut: [] },
  memoryIds: ["mem_1"],
  label,
}
const never = new Promise<never>(() => undefined)

beforeAll(async () => {
  provider = await startFakeProvider()
  const claude = testDeployment(provider.url, { id: "claude/c", provider: "anthropic", dialect: "anthropic-messages" })
  const memories: CallMemories = {
    isEmpty: true,
    defaultOf: () => undefined,
    assemble: (...asked) => assemble(...asked),
    keep: (turns, done) => keep(turns, done),
  }
  const models = [testModel("m", testDeployment(provider.url)), testModel("c", claude)]
  gateway = await startTestGateway({ models, memories, limits: { memoryWaitMsMax: 200 } })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => {
  kept = []
  gateway.records.length = 0
  assemble = async () => given
  keep = (turns, done) => {
    kept.push(turns)
    done({ scope: turns.asked.scope, ids: ["mem_2"], refused: null })
  }
})

const said = [{ role: "user", content: "Hello" }]
const ask = (memory: object, more: object = {}): Promise<RawAnswer> =>
  rawPost(gateway.url, "/v1/chat/completions", { model: "m", messages: said, perdure: { memory: { scope: "user:a", ...memory } }, ...more })
const manifestOf = ({ text }: RawAnswer): object => (JSON.parse(text) as { perdure: { memory: object } }).perdure.memory

it("memory whose question is embedded too late comes by words alone, and the header says so", async () => {
  let waitMs: number | undefined
  const wordsOnly = "embedding the query took longer than 100 ms"
  const entry = { id: "mem_1", version: null, section: "quotes", score: 1, tokens: 5, level: 0 } as const
  const manifest = { budgetTokens: 100, tokens: 5, entries: [entry], cut: [] }
  const assembler = {
    assemble: async (_: unknown, { embedWaitMs }: { embedWaitMs?: number | undefined }) => {
      waitMs = embedWaitMs
      return { instructions: "", standing: "", recalled: "Recalled", label, manifest, withheld: 0, passedOver: [], wordsOnly }
    },
  }
  assemble = contextAssembler(assembler, createGate({ grants: [] }))
  const answer = await ask({})
  expect([answer.status, answer.headers["x-perdure-memory"]]).toEqual([200, "entries=1; words-only"])
  expect(manifestOf(answer)).toMatchObject({ status: "assembled", wordsOnly })
  // The other half of the 200 ms is for what follows the embedding.
  expect(waitMs).toBe(100)
})

it.each([
  ["does not answer", () => never, "database_timeout"],
  [
    "fails",
    async () => {
      throw new Error("boom")
    },
    "server_error",
  ],
  [
    "has lost its database",
    async () => {
      throw new AppError("database_unavailable", "gone")
    },
    "database_unavailable",
  ],
] as const)("memory that %s leaves the call without it, and the call says so", async (_, failing, reason) => {
  assemble = failing
  const answer = await ask({})
  expect([answer.status, answer.headers["x-perdure-memory"]]).toEqual([200, "unavailable"])
  expect(manifestOf(answer)).toMatchObject({ status: "unavailable", reason, entries: [] })
  expect(provider.last?.body["messages"]).toEqual(said)
  expect(gateway.records[0]?.data).toMatchObject({ context: { status: "unavailable" }, remembered: { ids: ["mem_2"] } })
})

it("memory that must be there fails the call before any provider is asked, in the words of both dialects", async () => {
  assemble = () => never
  const calls = provider.requests.length
  const openai = await ask({ required: true })
  expect(openai.status).toBe(503)
  expect(JSON.parse(openai.text)).toMatchObject({ error: { code: "memory_unavailable" } })
  const memory: Partial<MemoryWish> & { scope: string } = { scope: "user:a", required: true }
  const body = { model: "c", max_tokens: 9, messages: said, perdure: { memory } }
  const anthropic = await rawPost(gateway.url, "/v1/messages", body)
  expect([anthropic.status, JSON.parse(anthropic.text)]).toMatchObject([503, { type: "error" }])
  expect(provider.requests).toHaveLength(calls)
  expect(gateway.records.map(({ outcome, error }) => [outcome, error?.code])).toEqual([
    ["failed", "memory_unavailable"],
    ["failed", "memory_unavailable"],
  ])
})

it("what is instructing stands with the client's instructions, what is known before the conversation, what was recalled before the last word", async () => {
  const messages = [{ role: "system", content: "S" }, { role: "user", content: "A" }, { role: "assistant", content: "B" }, ...said]
  await ask({}, { messages })
  const sent = (provider.last?.body["messages"] ?? []) as { content: string }[]
  expect(sent.map(({ content }) => content)).toEqual([
    "S",
    "Standing instructions",
    "What is known",
    "A",
    "B",
    "What was recalled",
    "Hello",
  ])
  const system = [{ type: "text", text: "S", cache_control: { type: "ephemeral" } }]
  const body = { model: "c", max_tokens: 9, system, messages: messages.slice(1), perdure: { memory: { scope: "user:a" } } }
  await rawPost(gateway.url, "/v1/messages", body)
  const text = (...texts: string[]): object[] => texts.map((each) => ({ type: "text", text: each }))
  expect(provider.last?.body).toMatchObject({
    system: [...system, ...text("Standing instructions")],
    messages: [
      { role: "user", content: text("What is known", "A") },
      { role: "assistant", content: "B" },
      { role: "user", content: text("What was recalled", "Hello") },
    ],
  })
  expect(gateway.records.map((record) => record.label)).toMatchObject([{ integrity: 0 }, { integrity: 0 }])
  expect(kept.map(({ asked }) => asked.turns.map(({ role, recalledFrom }) => [role, recalledFrom]))).toEqual(
    [0, 1].map(() => [
      ["user", []],
      ["assistant", ["mem_1"]],
    ]),
  )
})

it("an answer that was cut off, refused or given up is not kept, what the user said is", async () => {
  provider.next({ text: "Half an ans", finishReason: "length" }, { refusal: "No." }, { text: ["a", "b"], ending: "eof", framesMax: 2 })
  await ask({})
  await ask({})
  await ask({}, { stream: true })
  expect(kept.map(({ asked }) => asked.turns.map(({ role }) => role))).toEqual([["user"], ["user"]])
  expect(gateway.records.map(({ outcome }) => outcome)).toEqual(["completed", "completed", "failed"])
})

it("a record waits for its memories, and the client does not", async () => {
  let done: (() => void) | undefined
  keep = (turns, finished) => void (done = () => finished({ scope: turns.asked.scope, ids: [], refused: null }))
  for (const stream of [false, true]) {
    const answer = await ask({}, { stream })
    expect(answer.status).toBe(200)
    expect(gateway.records).toHaveLength(0)
    done?.()
    expect(gateway.records.splice(0)).toMatchObject([{ outcome: "completed", data: { remembered: { refused: null } } }])
  }
})

it("turns of a scope are kept in their order, tried again while the database is away, and no more of them wait than may", async () => {
  const order: string[] = []
  let failures = 2
  const tasks: Promise<unknown>[] = []
  const queue = createTurnQueue({
    remember: async (_, { runId }) => {
      if (failures-- > 0) throw new AppError("database_unavailable", "gone")
      order.push(runId)
      return { ids: [runId], refused: null }
    },
    waitingMax: () => 2,
    background: (_, work) => void tasks.push(work()),
    onError: () => undefined,
  })
  const told: (string | null)[] = []
  for (const runId of ["run_1", "run_2", "run_3"]) {
    const asked = { scope: "user:a", session: "s", conversationId: null, runId, turns: [] }
    queue({ caller: { projectId: "p", principal: "k", user: null }, asked }, ({ refused }) => told.push(refused))
  }
  expect(told).toEqual([expect.stringContaining("wait")])
  await Promise.all(tasks)
  expect(order).toEqual(["run_1", "run_2"])
  expect(told.slice(1)).toEqual([null, null])
})
