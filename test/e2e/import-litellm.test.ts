// A LiteLLM configuration, imported by the command and started as it is: clients get their answers by its names, aliases and fallbacks.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { runPerdure, startPerdure } from "../support/server.ts"

const directory = mkdtempSync(join(tmpdir(), "perdure-import-"))
const provider = await startFakeProvider()
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

const liteLlm = `
model_list:
  - model_name: house
    litellm_params: { model: openai/house-1, api_base: "${provider.url}", api_key: key-that-stands-in-the-file }
  - model_name: broken
    litellm_params: { model: openai/none, api_base: "http://127.0.0.1:9/v1", api_key: os.environ/BROKEN_KEY }
  - model_name: "vendor/*"
    litellm_params: { model: "openai/*", api_base: "${provider.url}", api_key: os.environ/VENDOR_KEY }
router_settings:
  model_group_alias: { gpt-4o: house }
  fallbacks: [{ broken: [house] }]
litellm_settings: { drop_params: true }
general_settings: { master_key: sk-1234 }
`

it("serves what LiteLLM served, with its keys from the environment", async () => {
  const [from, to] = [join(directory, "config.yaml"), join(directory, "perdure.yaml")]
  writeFileSync(from, liteLlm)
  const imported = await runPerdure(["import", "litellm", from, "--out", to])
  expect({ code: imported.code, stderr: imported.stderr }).toEqual({ code: 0, stderr: "" })
  const moved = /^ {2}(\w+) {2}the secret that stands in model_list\[0\]/m.exec(imported.stdout)?.[1]
  if (moved === undefined) throw new Error(`no variable for the key in the file: ${imported.stdout}`)

  const env = { [moved]: "key-in-the-environment", BROKEN_KEY: "b", VENDOR_KEY: "key-of-the-vendor" }
  await using server = await startPerdure({ dataDirectory: join(directory, "data"), config: to, env })
  const ask = async (model: string): Promise<{ status: number; model: unknown; key: unknown }> => {
    provider.requests.splice(0)
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
    })
    await response.text()
    return { status: response.status, model: provider.last?.body["model"], key: provider.last?.headers.authorization }
  }
  const house = { status: 200, model: "house-1", key: "Bearer key-in-the-environment" }
  expect(await ask("house")).toEqual(house)
  expect(await ask("gpt-4o")).toEqual(house)
  expect(await ask("broken")).toEqual(house)
  expect(await ask("vendor/anything")).toEqual({ status: 200, model: "anything", key: "Bearer key-of-the-vendor" })
  expect(await ask("nothing")).toMatchObject({ status: 404 })

  const names = (await (await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${server.apiKey}` } })).json()) as {
    data: { id: string }[]
  }
  expect(names.data.map(({ id }) => id)).toEqual(expect.arrayContaining(["house", "broken"]))
})
