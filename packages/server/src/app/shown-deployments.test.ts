// What `GET /v1/deployments` says of a configuration: after which failures which deployment is asked, and what long requests cost.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Deployments } from "@perdure/contract"
import { expect, it } from "vitest"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { createPerdure } from "./index.ts"

it("tells what is configured of failures, of a deployment before its model, and prices above a length", { timeout: 180_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), "perdure-shown-"))
  await using cleanUps = new AsyncDisposableStack()
  cleanUps.defer(() => rm(directory, { recursive: true, force: true }))
  const price = {
    inputPerMillionUsd: 1,
    outputPerMillionUsd: 2,
    above: { inputTokens: 200_000, inputPerMillionUsd: 2, outputPerMillionUsd: 3 },
  }
  const config = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    providers: { acme: { baseUrl: "http://127.0.0.1:9" } },
    models: {
      careful: {
        retry: { attempts: 2, on: ["rate_limit", 503] },
        fallbackOn: ["server"],
        deployments: [
          { provider: "acme", model: "a", price: { ...price, tiers: { flex: price } } },
          { provider: "acme", model: "b", fallbackOn: [] },
        ],
      },
      plain: { deployments: [{ provider: "acme", model: "c" }] },
    },
  }
  await writeFile(join(directory, "perdure.config.ts"), `export default ${JSON.stringify(config)}`)
  await copyMigrated(join(directory, ".perdure", "db"))
  const perdure = cleanUps.use(await createPerdure((await loadConfig({ cwd: directory, env: {}, flags: [] })).config))
  const headers = { authorization: `Bearer ${perdure.apiKeyCreated ?? ""}` }
  const { models, deployments } = (await (await fetch(`${perdure.url}/v1/deployments`, { headers })).json()) as Deployments
  const failures = (name: string): unknown =>
    models.find((model) => model.name === name)?.deployments.map(({ id, retry, fallbackOn }) => ({ id, retry, fallbackOn }))
  const retry = { attempts: 2, on: ["rate_limit", 503] }
  expect(failures("careful")).toEqual([
    { id: "acme/a", retry, fallbackOn: ["server"] },
    { id: "acme/b", retry, fallbackOn: [] },
  ])
  expect(failures("plain")).toEqual([{ id: "acme/c", retry: null, fallbackOn: null }])
  const shown = deployments.find(({ id }) => id === "acme/a")?.price
  const above = { inputTokens: 200_000, inputPerMillionUsd: 2, outputPerMillionUsd: 3 }
  expect(shown).toMatchObject({ above, tiers: { flex: { above } } })
})
