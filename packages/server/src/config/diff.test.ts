// What counts as a change of the configuration, and what does not.
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { configChanges, loadConfig, type Config } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-diff-"))
const base = `
providers: { a: { baseUrl: "http://a/v1", apiKey: { env: KEY } }, b: { baseUrl: "http://b/v1" } }
models: { fast: { deployments: [{ provider: a, model: x }] }, slow: { deployments: [{ provider: b, model: y }] } }
grants: [{ to: "*", allow: ["tool.read:*"] }]
`

async function load(yaml: string, env: Record<string, string> = { KEY: "first" }): Promise<Config> {
  writeFileSync(join(cwd, "perdure.yaml"), yaml)
  return (await loadConfig({ cwd, env })).config
}

test("the same text is no change, nor is another place in the file, nor a default that is written down", async () => {
  const before = await load(base)
  expect(configChanges(before, await load(`# moved down\n\n${base}\nserver: { port: 8080 }\n`))).toEqual([])
})

test.each([
  [base.replace("model: x", "model: z"), ["models.fast"]],
  [base.replace("slow:", "other:"), ["models.slow", "models.other"]],
  [base.replace("http://b/v1", "http://c/v1"), ["providers.b"]],
  [base.replace("tool.read:*", "tool.call:*"), ["grants"]],
  [`${base}\nlimits: { turnsMax: 3 }\nserver: { port: 1 }`, ["server.port", "limits.turnsMax"]],
])("names what changed: %#", async (yaml, changes) => {
  expect(configChanges(await load(base), await load(yaml))).toEqual(changes)
})

test("a secret is compared by its value, and is not told", async () => {
  expect(configChanges(await load(base), await load(base, { KEY: "second" }))).toEqual(["providers.a"])
})
