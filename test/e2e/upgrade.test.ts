// Several processes on one Postgres while a newer version migrates it: those of the version before go on beside it, or stop, and say which.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { readMigrations } from "../../packages/server/src/store/migrate.ts"
import { openStore } from "../../packages/server/src/store/index.ts"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { postgresMissing, startTestPostgres, type TestPostgres } from "../../packages/server/src/testing/postgres-server.ts"
import { runPerdure, startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const missing = postgresMissing()
const patience = { timeout: 60_000, interval: 100 }

describe.skipIf(missing !== undefined)(`processes of the version before ${missing ?? ""}`, { timeout: 240_000 }, () => {
  const cleanUps = new AsyncDisposableStack()
  let postgres: TestPostgres
  let provider: FakeProvider
  let databaseUrl = ""
  let config = ""
  let directory = ""
  const servers: StartedServer[] = []
  const logs = ["", ""]

  beforeAll(async () => {
    provider = cleanUps.use(await startFakeProvider({ text: "hello" }))
    postgres = cleanUps.use(await startTestPostgres())
    databaseUrl = await postgres.createDatabase({ name: "perdure" })
    directory = cleanUps.use(await temporaryDirectory()).path
    config = join(directory, "perdure.yaml")
    const models = `models:\n  fake: { deployments: [{ provider: fake, model: small }] }`
    writeFileSync(config, `discovery: false\nproviders:\n  fake: { baseUrl: "${provider.url}", apiKey: none }\n${models}\n`)
    for (const at of [0, 1]) {
      const more = { apiKey: servers[0]?.apiKey ?? "", env: { DATABASE_URL: databaseUrl } }
      const server = cleanUps.use(await startPerdure({ dataDirectory: join(directory, `data-${at}`), config, ...more }))
      server.child.stderr?.on("data", (chunk: Buffer) => (logs[at] += chunk.toString()))
      servers.push(server)
    }
  }, 240_000)
  afterAll(() => cleanUps.disposeAsync())

  /** As the start of a newer version does it. */
  const migrateTo = async (...names: string[]): Promise<void> => {
    const newer = names.map((name) => ({ name, text: `select '${name}'`, checksum: name, vector: false }))
    await using _ = await openStore({ databaseUrl, limits: defaultLimits, testing: { migrations: [...readMigrations(), ...newer] } })
  }
  const ready = async ({ url }: StartedServer): Promise<{ status: string; checks: { schema: { ok: boolean; detail?: string } } }> =>
    (await (await fetch(`${url}/health/ready`)).json()) as Awaited<ReturnType<typeof ready>>
  const chat = async ({ url, apiKey }: StartedServer): Promise<number> => {
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
    const body = JSON.stringify({ model: "fake", messages: [{ role: "user", content: "x" }] })
    return (await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })).status
  }

  it("go on beside the newer one after migrations that only add, ready, and say so", async () => {
    await migrateTo("9001_more")
    for (const [at, server] of servers.entries()) {
      await expect.poll(() => logs[at], patience).toContain("this process goes on beside it")
      expect(await ready(server)).toMatchObject({ status: "ok", checks: { schema: { ok: true, detail: expect.anything() as string } } })
      expect(await chat(server)).toBe(200)
    }
  })

  it("stop after an exclusive migration as they do at SIGTERM: what is under way ends, and the exit code says why", async () => {
    provider.next({ text: "slow", delayMs: 2_000 })
    const [first] = servers as [StartedServer]
    const underWay = chat(first)
    await expect.poll(() => provider.requests.length, patience).toBe(3)
    await migrateTo("9001_more", "9002_less.exclusive")
    expect(await underWay).toBe(200)
    expect(await Promise.all(servers.map(({ exited }) => exited))).toEqual([4, 4])
    for (const log of logs) expect(log).toContain("it stops; start the newer version")
  })

  it("do not start again there, and say what to do", async () => {
    const flags = ["start", "--port", "0", "--data", join(directory, "data-0"), "--config", config]
    const { code, stderr } = await runPerdure(flags, { DATABASE_URL: databaseUrl })
    expect([code, stderr]).toEqual([
      4,
      expect.stringMatching(/9001_more, which this version of Perdure doesn't know[^]*Run that version/) as string,
    ])
  })
})
