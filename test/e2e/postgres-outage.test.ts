// A Postgres that goes away under a server that serves: what does not need it goes on, what does waits or says so, and all of it comes back without a restart.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { DatabaseDoor } from "../../packages/server/src/testing/database-door.ts"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { postgresMissing, startTestPostgres, testOwner, type TestPostgres } from "../../packages/server/src/testing/postgres-server.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const missing = postgresMissing()
const patience = { timeout: 90_000, interval: 200 }

describe.skipIf(missing !== undefined)(`a Postgres that goes away ${missing ?? ""}`, { timeout: 300_000 }, () => {
  const cleanUps = new AsyncDisposableStack()
  let postgres: TestPostgres
  let door: DatabaseDoor
  let provider: FakeProvider
  let server: StartedServer
  let log = ""

  beforeAll(async () => {
    provider = cleanUps.use(await startFakeProvider({ text: "hello" }))
    postgres = cleanUps.use(await startTestPostgres())
    await postgres.createDatabase({ name: "perdure" })
    door = cleanUps.use(new DatabaseDoor(postgres))
    await door.open()
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    writeFileSync(config, configOf(provider.url))
    const env = { DATABASE_URL: door.url("perdure", testOwner) }
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config, env }))
    server.child.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()))
  }, 120_000)
  afterAll(() => cleanUps.disposeAsync())

  const post = (path: string, body: object): Promise<Response> => {
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    return fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  }
  const chat = async (): Promise<number> => {
    const answer = await post("/v1/chat/completions", { model: "fake", messages: [{ role: "user", content: "x" }] })
    await answer.text()
    return answer.status
  }
  const ready = async (): Promise<[number, string]> => {
    const answer = await fetch(`${server.url}/health/ready`)
    return [answer.status, ((await answer.json()) as { checks: { database: { detail?: string } } }).checks.database.detail ?? ""]
  }
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)`, "m").exec(text)?.[1] ?? 0)
  }
  const recorded = async (): Promise<number> => {
    const [row] = await postgres.admin("select count(*) as n from light_runs where kind = 'chat'", "perdure")
    return Number(row?.["n"])
  }

  it("keeps every record of the calls that were answered meanwhile, tells that it is away, and says so in few lines", async () => {
    expect(await chat()).toBe(200)
    await expect.poll(recorded, patience).toBe(1)
    log = ""
    await door.shut()
    for (let count = 0; count < 20; count += 1) expect(await chat()).toBe(200)
    expect((await ready())[0]).toBe(503)
    // Longer than a batch that is refused is tried again, by far.
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    expect(await metric("perdure_record_queue_rows")).toBe(20)
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
    const failed = await post("/v1/memories", { scope: "project", text: "x" })
    expect([failed.status, await failed.json()]).toMatchObject([503, { error: { code: "database_unavailable" } }])
    await door.open()
    await expect.poll(recorded, patience).toBe(21)
    await expect.poll(async () => (await ready())[0], patience).toBe(200)
    expect(await metric("perdure_records_dropped_total")).toBe(0)
    await expect.poll(() => log, patience).toContain("the database is away")
    await expect.poll(() => log, patience).toContain("the database answers again")
    expect(log.split("\n").length).toBeLessThan(60)
  })

  it("lets a stream of a response wait, which goes on where it was, without a gap or a duplicate", async () => {
    const words = Array.from({ length: 40 }, (_, index) => `word${index} `)
    provider.next({ text: words, chunkDelayMs: 150 })
    const answer = await post("/v1/responses", { model: "fake", input: "talk", stream: true })
    expect(answer.status).toBe(200)
    let text = ""
    let isCut = false
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString()
      if (isCut || !text.includes("word5 ")) continue
      isCut = true
      door.cut()
      await door.shut()
      setTimeout(() => void door.open(), 6_000)
    }
    const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(
      ([, json]) => JSON.parse(json ?? "") as { type: string; sequence_number: number },
    )
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
    expect(events.at(-1)?.type).toMatch(/^response\.(completed|incomplete)$/)
    expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true)
  })

  it("answers a new response with an error that says what is missing, when it stays away", async () => {
    await door.shut()
    const answers = await Promise.all([1, 2, 3].map(() => post("/v1/responses", { model: "fake", input: "x" })))
    for (const answer of answers)
      expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: "database_unavailable" } }])
    // From now on nobody waits for what has not come for so long.
    const late = await post("/v1/responses", { model: "fake", input: "x" })
    expect([late.status, await late.json()]).toMatchObject([503, { error: { code: "database_unavailable" } }])
    await door.open()
    await expect.poll(async () => (await post("/v1/responses", { model: "fake", input: "x" })).status, patience).toBe(200)
  })

  it("is noticed when it takes no writes, and the records wait until it does", async () => {
    const before = await recorded()
    await postgres.admin("alter database perdure set default_transaction_read_only = on")
    door.cut()
    expect(await chat()).toBe(200)
    await expect.poll(ready, patience).toEqual([503, expect.stringContaining("database_read_only") as string])
    const failed = await post("/v1/memories", { scope: "project", text: "x" })
    expect([failed.status, await failed.json()]).toMatchObject([503, { error: { code: "database_read_only" } }])
    await postgres.admin("alter database perdure reset default_transaction_read_only")
    await expect.poll(recorded, patience).toBe(before + 1)
    await expect.poll(async () => (await ready())[0], patience).toBe(200)
  })

  it("is told from a host that says nothing any more, within the time that a probe waits", async () => {
    door.silence(true)
    expect(await chat()).toBe(200)
    expect(await ready()).toEqual([503, expect.stringContaining("did not answer within") as string])
    // Nobody knows what is left of its limit: it is refused, and not only when the connection is given up.
    const paced = await post("/v1/chat/completions", { model: "paced", messages: [{ role: "user", content: "x" }] })
    expect([paced.status, await paced.json()]).toMatchObject([503, { error: { code: "database_unavailable" } }])
    door.silence(false)
    await expect.poll(async () => (await ready())[0], patience).toBe(200)
    expect(await metric("perdure_records_dropped_total")).toBe(0)
  })
})

function configOf(url: string): string {
  return `
discovery: false
providers: { fake: { baseUrl: "${url}", apiKey: none } }
models: { fake: { deployments: [{ provider: fake, model: small }] }, paced: { deployments: [{ provider: fake, model: small }] } }
rateLimits: [{ name: pace, for: { model: paced }, per: minute, requests: 100 }]
`
}
