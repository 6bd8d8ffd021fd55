// Requests that begin alike go where their beginning is cached: by the key of the prompt cache, else by the end user.
import { afterAll, expect, it } from "vitest"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const workers = ["w1", "w2", "w3"].map((id) => testDeployment(provider.url, { id, upstreamModel: id }))
const gateway = await startTestGateway({ models: [testModel("fast", ...workers)] })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

async function workerFor(more: object): Promise<string> {
  const messages = [{ role: "user", content: "hello" }]
  const { headers } = await rawPost(gateway.url, "/v1/chat/completions", { model: "fast", messages, ...more })
  return String(headers["x-perdure-route"])
}

it("the key of the prompt cache goes before the user, and reaches the provider as it was sent", async () => {
  const byKey = new Map<string, string>()
  for (let turn = 0; turn < 12; turn += 1) byKey.set(`key-${turn}`, await workerFor({ prompt_cache_key: `key-${turn}` }))
  expect(new Set(byKey.values())).toEqual(new Set(["w1", "w2", "w3"]))
  for (const [key, worker] of byKey)
    for (const user of ["a", "b", "c"]) expect(await workerFor({ prompt_cache_key: key, user })).toBe(worker)
  expect(provider.last?.body).toMatchObject({ prompt_cache_key: "key-11", user: "c" })
  const ofUser = await workerFor({ user: "ada" })
  for (let turn = 0; turn < 5; turn += 1) expect(await workerFor({ user: "ada" })).toBe(ofUser)
}, 30_000)
