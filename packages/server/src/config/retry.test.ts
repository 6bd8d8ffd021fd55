// Tests of what models and deployments say of failures: what is taken, whose word counts, and what is said of mistakes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { ConfigError, loadConfig, type Config } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-retry-config-"))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function load(model: string, deployment = ""): Promise<Config> {
  const models = `models: { fast: { ${model} deployments: [{ provider: perdure, model: extractive${deployment} }] } }`
  writeFileSync(join(cwd, "perdure.yaml"), `discovery: false\n${models}\n`)
  return (await loadConfig({ cwd, env: {} })).config
}

it("a deployment's own stands above its model's", async () => {
  const { models } = await load(
    "retry: { attempts: 3, on: [429, timeout], first: true }, fallbackOn: [503, connection],",
    ", fallbackOn: []",
  )
  expect(models["fast"]?.deployments[0]).toMatchObject({
    retry: { attempts: 3, on: [429, "timeout"], first: true },
    fallbackOn: [],
  })
})

it("takes a number for each failure", async () => {
  const { models } = await load("retry: { attempts: { rate_limit: 4, 503: 1 } },")
  expect(models["fast"]?.deployments[0]).toMatchObject({ retry: { counts: { rate_limit: 4, "503": 1 } }, fallbackOn: null })
})

it.each([
  ["retry: { on: [200] },", "models.fast.retry.on[0]", /a status from 400 to 599, or one of connection/],
  ["fallbackOn: [ratelimit],", "models.fast.fallbackOn[0]", /rate_limit/],
  ["retry: { attempts: 9 },", "models.fast.retry.attempts", /from 0 to 4 {2}raise limits\.attemptsMax/],
  ["retry: { attempts: { content: 1 } },", "models.fast.retry.attempts", /a whole number from 0 to 20/],
  ["retry: { attempts: { server: 1 }, on: [503] },", "models.fast.retry.on", /attempts as a number/],
])("says what is allowed in place of %s", async (model, path, said) => {
  const error = await load(model).catch((each: unknown) => each)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as ConfigError).problems.map((each) => each.path)).toEqual([path])
  expect((error as ConfigError).message).toMatch(said)
})
