// A key that requires a region: nothing that is done for it, asked for or beside it, is served anywhere else.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { createPerdure, type Perdure } from "./index.ts"

const near = await startFakeProvider({ text: '{"results":[{"flagged":false,"categories":[]}]}' })
const far = await startFakeProvider({ text: '{"results":[{"flagged":false,"categories":[]}]}' })
let perdure: Perdure
let directory = ""
let bound = ""
let free = ""

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-residency-"))
  const does = { chat: true, embeddings: true, images: true }
  const at = (provider: string, model: string): object => ({ provider, model, does })
  const config = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    providers: { far: { baseUrl: far.url, region: "us-east-1" }, near: { baseUrl: near.url, region: "eu-west-1" } },
    models: {
      both: {
        deployments: [
          { ...at("far", "a"), weight: 1000 },
          { ...at("near", "a"), priority: 1 },
        ],
      },
      away: { deployments: [at("far", "b")] },
      judged: { deployments: [at("near", "c")] },
    },
    defaults: { embeddingModel: "away" },
    guards: [{ type: "moderate", name: "mod", model: "away", failOpen: true, when: { models: ["judged"] } }],
  }
  await writeFile(join(directory, "perdure.config.ts"), `export default ${JSON.stringify(config)}`)
  await copyMigrated(join(directory, ".perdure", "db"))
  perdure = await createPerdure((await loadConfig({ cwd: directory, flags: [] })).config)
  bound = (await perdure.identity.createKey(perdure.projectId, "bound", { scope: { regions: ["eu"] } })).secret
  free = (await perdure.identity.createKey(perdure.projectId, "free")).secret
})
afterAll(async () => {
  await perdure[Symbol.asyncDispose]()
  await near[Symbol.asyncDispose]()
  await far[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function post(path: string, body: object, key = bound): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
  return await (await fetch(`${perdure.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).text()
}
const messages = [{ role: "user", content: "hi" }]

const ways = [
  ["chat", "/v1/chat/completions", { messages }],
  ["messages", "/v1/messages", { messages, max_tokens: 9 }],
  ["embeddings", "/v1/embeddings", { input: "hi" }],
  ["images", "/v1/images/generations", { prompt: "a cat" }],
  ["a response", "/v1/responses", { input: "hi" }],
  ["compaction", "/v1/responses/compact", { input: "We agreed on blue." }],
] as const

it.each(ways)(
  "%s of the key goes where it may, though another place comes first, and nowhere where there is none",
  async (_what, path, body) => {
    const [farBefore, nearBefore] = [far.requests.length, near.requests.length]
    await post(path, { model: "both", ...body })
    expect([far.requests.length - farBefore, near.requests.length - nearBefore]).toEqual([0, 1])
    expect(await post(path, { model: "away", ...body })).toMatch(/policy_denied|permission_error|is in a region/)
    expect(far.requests.length).toBe(farBefore)
    await post(path, { model: "both", ...body }, free)
    expect(far.requests.length).toBe(farBefore + 1)
  },
)

it("a client's own wish does not widen it", async () => {
  const before = far.requests.length
  await post("/v1/chat/completions", { model: "both", messages, perdure: { region: "us-east-1" } })
  await post("/v1/chat/completions", { model: "both", messages, perdure: { only: ["far"] } })
  expect(far.requests.length).toBe(before)
})

it("what is made beside a call stays there too: a search is by words, and a judge elsewhere is not asked", async () => {
  const before = far.requests.length
  await post("/v1/memories", { scope: "s", text: "Ada drinks tea" })
  expect(await post("/v1/memories/search", { scope: "s", query: "tea" })).toContain(
    '"wordsOnly":"embedding the query failed: policy_denied"',
  )
  await post("/v1/chat/completions", { model: "judged", messages })
  expect(far.requests.length).toBe(before)
  await post("/v1/chat/completions", { model: "judged", messages }, free)
  expect(far.requests.length).toBe(before + 1)
})

it("a key that is bound cannot make one that is less so", async () => {
  const maker = await perdure.identity.createKey(perdure.projectId, "maker", { scope: { regions: ["eu"], endpoints: ["keys"] } })
  const make = (regions: string[]): Promise<string> =>
    post("/v1/keys", { name: "made", scope: { regions, endpoints: ["keys"] } }, maker.secret)
  expect(await make([])).toContain("is served in eu, and not in any region")
  expect(await make(["us-east-1"])).toContain("is served in eu, and not in us-east-1")
  expect(await make(["eu-west-1"])).not.toContain("is served in")
})
