// Tests of the section `routingRules`: what it takes, and what is said of mistakes in it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { ConfigError, loadConfig, type Config } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-rules-config-"))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function load(rules: string): Promise<Config> {
  const models = "models: { fast: { deployments: [{ provider: perdure, model: extractive }] } }"
  writeFileSync(join(cwd, "perdure.yaml"), `discovery: false\n${models}\nroutingRules:\n${rules}`)
  return (await loadConfig({ cwd, env: {} })).config
}

it("takes values, lists and tests of them", async () => {
  const { routingRules } = await load(
    "  - { name: a, when: { metadata: { plan: [pro, max], seats: { atLeast: 10 } }, parameters: { stream: true } }, to: fast }",
  )
  expect(routingRules).toMatchObject([
    { name: "a", to: "fast", when: { metadata: { plan: ["pro", "max"], seats: { atLeast: 10 } }, parameters: { stream: true } } },
  ])
})

it("says where a rule leads nowhere, asks nothing, or has a name twice", async () => {
  const broken = load(`  - { name: a, to: fats }
  - { name: a, when: { user: { matches: "(" } }, to: fast }
  - { name: b, when: { headers: { x: {} }, parameters: { model: fast } }, to: fast }
`)
  const error = await broken.catch((each: unknown) => each)
  expect(error).toBeInstanceOf(ConfigError)
  const { problems } = error as ConfigError
  expect(problems.map(({ path }) => path)).toEqual([
    "routingRules[0].to",
    "routingRules[1].name",
    "routingRules[1].when.user.matches",
    "routingRules[2].when.headers.x",
    "routingRules[2].when.parameters.model",
  ])
})
