// Kills the real server while clients of chat completions talk to it with memory: what has a record is remembered, and nothing is there twice.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { openStore, type Store } from "../../packages/server/src/store/index.ts"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"
import { between, chanceOf } from "./responses/chance.ts"

const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000)
const kills = Number(process.env["CHAOS_CHAT_KILLS"] ?? 3)
/** Clients at work at any moment. */
const clients = 4

const configuration = (url: string): string => `providers: { fake: { baseUrl: "${url}" } }
models: { m: { deployments: [{ provider: fake, model: m, does: { chat: true } }] } }
memory: { calls: [{ scopes: ["user:{user}"] }], extraction: { enabled: false } }
discovery: false
`

/** What one client said in one call, and what became of it. */
interface Ticket {
  text: string
  answer: string
  /** Runs whose answers came whole, with the life in which they did. */
  answered: { runId: string; life: number }[]
}

describe(`memory of chat completions under chaos with CHAOS_SEED=${seed} CHAOS_CHAT_KILLS=${kills}`, () => {
  const cleanUps = new AsyncDisposableStack()
  afterEach(() => cleanUps.disposeAsync())

  it(`neither loses nor doubles what was said over ${kills} kills of the server`, async () => {
    const chance = chanceOf(seed)
    const answering = cleanUps.use(
      await startFakeProvider(({ text }) => {
        // What was recalled stands before what the user says.
        const number = [...text.matchAll(/Box (\d+) holds/gu)].at(-1)?.[1] ?? ""
        return { text: [`Box ${number} is `, "noted, ", "I will keep it in mind."], chunkDelayMs: 5 }
      }),
    )
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    const dataDirectory = join(directory.path, "data")
    writeFileSync(config, configuration(answering.url))
    const tickets: Ticket[] = []
    let server = await startPerdure({ dataDirectory, config })
    const { apiKey } = server
    cleanUps.defer(() => server.kill())
    let life = 0
    let isOver = false

    const client = async (): Promise<void> => {
      while (!isOver) {
        const number = tickets.length
        const ticket = {
          text: `Box ${number} holds ${number % 7} lamps.`,
          answer: `Box ${number} is noted, I will keep it in mind.`,
          answered: [],
        }
        tickets.push(ticket)
        // As a client does whose connection broke: the same again.
        while (ticket.answered.length === 0 && !isOver) await say(ticket, number)
      }
    }
    const say = async (ticket: Ticket, number: number): Promise<void> => {
      const ownLife = life
      try {
        const runId = await ask(server, apiKey, ticket.text, number % 2 === 1)
        ticket.answered.push({ runId, life: ownLife })
      } catch {
        await pause(100)
      }
    }
    const working = Promise.all(Array.from({ length: clients }, client))
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(between(chance, `life ${kill}`, 600, 2_500))
      await server.kill()
      life += 1
      server = await startPerdure({ dataDirectory, config, apiKey })
    }
    // On a busy machine no life may have been long enough for an answer.
    for (const until = performance.now() + 120_000; tickets.length <= clients && performance.now() < until;) await pause(100)
    await pause(1_000)
    isOver = true
    await working
    const recorded = await recordedRuns(server, apiKey)
    for (const [number, ticket] of tickets.entries())
      if (!ticket.answered.some(({ runId }) => recorded.has(runId))) await say(ticket, number)
    const told = await remembered(server, apiKey, tickets.length * 2)
    await server[Symbol.asyncDispose]()

    await using store = await openStore({ dataDirectory: join(dataDirectory, "db"), limits: defaultLimits, testing: { fsync: false } })
    const records = await recordsOf(store)
    const acknowledged = tickets.flatMap(({ answered }) => answered)
    const lost = acknowledged.filter(({ runId }) => !records.has(runId))
    process.stderr.write(
      `CHAOS_SEED=${seed}: ${tickets.length} tickets, ${acknowledged.length} answers, ${lost.length} of them without a record when their server died\n`,
    )
    expect(lost.filter((answer) => answer.life === life)).toEqual([])
    expect(lost.length).toBeLessThanOrEqual(kills * clients * 4)
    expect(await halves(store, records)).toEqual([])
    const expected = tickets.flatMap(({ text, answer }) => [text, answer])
    expect(told.toSorted()).toEqual(expected.toSorted())
    expect(tickets.length).toBeGreaterThan(clients)
  })
})

/** The id of the run, when the whole answer has come. */
async function ask({ url }: StartedServer, apiKey: string, text: string, stream: boolean): Promise<string> {
  const body = JSON.stringify({ model: "m", user: "ada", stream, messages: [{ role: "user", content: text }] })
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })
  const answer = await response.text()
  if (!response.ok || (stream && !answer.includes("[DONE]"))) throw new Error(`${response.status} ${answer}`)
  return response.headers.get("x-perdure-run-id") ?? ""
}

async function get<T>({ url }: StartedServer, apiKey: string, path: string): Promise<T> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${apiKey}` } })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

async function recordedRuns(server: StartedServer, apiKey: string): Promise<Set<string>> {
  // Records of the last answers are still on their way.
  await pause(1_500)
  const ids = new Set<string>()
  for (let before = ""; ;) {
    const query = `kind=chat&limit=100${before === "" ? "" : `&before=${before}`}`
    const { runs } = await get<{ runs: { id: string }[] }>(server, apiKey, `/v1/runs?${query}`)
    for (const { id } of runs) ids.add(id)
    before = runs.at(-1)?.id ?? ""
    if (runs.length < 100) return ids
  }
}

/** All texts of the scope, once as many are there as there shall be, or after a while. */
async function remembered(server: StartedServer, apiKey: string, count: number): Promise<string[]> {
  const until = performance.now() + 30_000
  for (;;) {
    const texts: string[] = []
    for (let before = ""; ;) {
      const query = `scope=user%3Aada&limit=100${before === "" ? "" : `&before=${before}`}`
      const { memories } = await get<{ memories: { id: string; text: string }[] }>(server, apiKey, `/v1/memories?${query}`)
      texts.push(...memories.map(({ text }) => text))
      before = memories.at(-1)?.id ?? ""
      if (memories.length < 100) break
    }
    if (texts.length >= count || performance.now() > until) return texts
    await pause(200)
  }
}

/** What the record of each call says that was remembered of it. */
async function recordsOf(store: Store): Promise<Map<string, string[]>> {
  const rows = await store.system.query<{ id: string; ids: string[] | null }>(
    "select id, data->'remembered'->'ids' as ids from light_runs where kind = 'chat'",
  )
  return new Map(rows.map(({ id, ids }) => [id, ids ?? []]))
}

/** Records without all of their two memories. */
async function halves(store: Store, records: ReadonlyMap<string, readonly string[]>): Promise<string[]> {
  const there = new Set((await store.system.query<{ id: string }>("select id from episodes where expired_at is null")).map(({ id }) => id))
  return [...records]
    .filter(([, ids]) => ids.length !== 2 || !ids.every((id) => there.has(id)))
    .map(([id, ids]) => `${id}: ${ids.join(", ")}`)
}
