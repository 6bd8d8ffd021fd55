// An experiment over two server processes on one Postgres: one assignment, one sum of scores, one pair of weights.
import { experimentSchema, type Experiment } from "@perdure/contract"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openTestStore, testEngines } from "../../packages/server/src/testing/database.ts"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const waiting = { timeout: 60_000, interval: 100 }

describe.skipIf(!testEngines().includes("postgres"))("two processes on one Postgres", () => {
  const cleanUps = new AsyncDisposableStack()
  let first: StartedServer
  let second: StartedServer

  beforeAll(async () => {
    const provider = cleanUps.use(await startFakeProvider({ text: "hi" }))
    const database = cleanUps.use(await openTestStore("postgres"))
    const directories = [cleanUps.use(await temporaryDirectory()), cleanUps.use(await temporaryDirectory())]
    const { databaseUrl = "" } = { ...database.location } as { databaseUrl?: string }
    const env = { DATABASE_URL: databaseUrl }
    const started: StartedServer[] = []
    for (const { path } of directories) {
      const config = join(path, "perdure.yaml")
      writeFileSync(config, configOf(provider.url))
      const key = started[0] ? { apiKey: started[0].apiKey } : {}
      started.push(cleanUps.use(await startPerdure({ dataDirectory: join(path, "data"), config, env, ...key })))
    }
    const [one, two] = started
    if (!one || !two) throw new Error("two servers were started")
    first = one
    second = two
  })
  afterAll(() => cleanUps.disposeAsync())

  const ask = async (at: StartedServer, path: string, body?: object, method = body ? "POST" : "GET"): Promise<Response> => {
    const headers = { authorization: `Bearer ${first.apiKey}`, "content-type": "application/json" }
    return fetch(at.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  }
  const chat = async (at: StartedServer, user?: string): Promise<{ variant: string; runId: string }> => {
    const answer = await ask(at, "/v1/chat/completions", { model: "assistant", user, messages: [{ role: "user", content: "hi" }] })
    await answer.text()
    return { variant: answer.headers.get("x-perdure-experiment") ?? "", runId: answer.headers.get("x-perdure-run-id") ?? "" }
  }
  const read = async (at: StartedServer): Promise<Experiment> =>
    experimentSchema.parse(await (await ask(at, "/v1/experiments/size")).json())

  it("give a user the same variant, shift their weights by the scores of both, each step once, and follow each other", async () => {
    for (const user of ["u1", "u2", "u3", "u4", "u5"]) expect((await chat(second, user)).variant).toBe((await chat(first, user)).variant)
    for (let turn = 0; turn < 60; turn += 1) {
      const [here, there] = turn % 2 === 0 ? [first, second] : [second, first]
      const { variant, runId } = await chat(here)
      const value = variant === "size=dear" ? turn % 10 !== 0 : turn % 10 === 0
      expect((await ask(there, "/v1/feedback", { runId, name: "helpful", value })).status).toBe(201)
    }
    for (const each of [first, second])
      await expect.poll(async () => (await read(each)).weights, waiting).toEqual({ cheap: 0.1, dear: 0.9 })
    const [one, two] = [await read(first), await read(second)]
    // Each has its own file, and may have read after another look.
    expect(two).toEqual({ ...one, origin: two.origin, sampledAt: two.sampledAt })
    // From 50 % by 20 points at once: a step that two processes had taken would be there twice.
    const steps = one.log.filter(({ kind }) => kind === "sampled").toReversed()
    expect(steps.map(({ before, after }) => [before?.["dear"], after?.["dear"]])).toEqual([
      [0.5, 0.7],
      [0.7, 0.9],
    ])
    expect(one.variants.reduce((sum, { scores }) => sum + (scores[0]?.count ?? 0), 0)).toBe(60)
    await ask(first, "/v1/experiments/size", { status: "paused" }, "PATCH")
    await expect.poll(async () => (await chat(second)).variant, waiting).toBe("size=cheap")
    expect((await chat(second, "u9")).variant).toBe("size=cheap")
  })
})

function configOf(providerUrl: string): string {
  return `discovery: false
limits: { experimentLookMs: 200 }
providers: { fake: { baseUrl: "${providerUrl}" } }
models:
  small: { deployments: [{ provider: fake, model: s }] }
  large: { deployments: [{ provider: fake, model: l }] }
experiments:
  size:
    models: [assistant]
    variants: { cheap: { model: small }, dear: { model: large } }
    sampling: { score: helpful, minimumSamples: 8, everyMs: 1000, min: 0.1, step: 0.2 }
`
}
