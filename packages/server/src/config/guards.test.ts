// Tests of the sections that say what stands around a call: guards, and the cache of a model.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { ConfigError, formatProblem, loadConfig } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-config-guards-"))

afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function load(file: string, ...lines: string[]): Promise<Awaited<ReturnType<typeof loadConfig>>["config"] | string[]> {
  writeFileSync(join(cwd, file), lines.join("\n"))
  try {
    return (await loadConfig({ cwd, env: {}, configPath: join(cwd, file) })).config
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
}

test("guards and caches are read with what was left out", async () => {
  const config = await load(
    "perdure.yaml",
    "providers: { acme: { baseUrl: http://127.0.0.1:1/v1 } }",
    "models:",
    "  fast: { deployments: [{ provider: acme, model: m }], cache: { mode: semantic, scope: project } }",
    "  slow: { deployments: [{ provider: acme, model: n }] }",
    "guards:",
    "  - { type: redact, name: pii, restore: true, patterns: [{ kind: staff, regex: 'EMP-\\d{6}', charsMax: 10 }] }",
    "  - { type: moderate, name: mod, model: omni, when: { models: [fast], tags: [public], endpoints: [chat, embeddings] } }",
  )
  expect(config).toMatchObject({
    models: {
      fast: { cache: { mode: "semantic", scope: "project", ttlSeconds: 3_600, similarityMin: 0.95, temperatureMax: 2 } },
      slow: { cache: null },
    },
    guards: [
      { type: "redact", name: "pii", on: ["request"], action: "redact", when: {}, origin: "perdure.yaml:6" },
      {
        type: "moderate",
        name: "mod",
        action: "block",
        failOpen: false,
        when: { models: ["fast"], tags: ["public"], endpoints: ["chat", "embeddings"] },
      },
    ],
  })
})

test("what a guard could not do is a mistake with its place", async () => {
  const problems = await load(
    "perdure.yaml",
    "guards:",
    "  - { type: redact, name: a, action: route }",
    "  - { type: redact, name: a, entities: [email] }",
    "  - { type: redact, name: b, patterns: [{ kind: x, regex: '(' }] }",
    "  - { type: redact, name: c, entities: [] }",
    "  - { type: moderate, name: d, model: m, routeTo: n }",
    "  - { type: moderate, name: e, model: m, action: route, routeTo: n, on: [answer] }",
    "  - { type: custom, name: f }",
  )
  const places = (problems as string[]).map((line) => line.split("  ").slice(0, 3).join("  "))
  expect(places).toEqual([
    "perdure.yaml:2:38  guards[0].action  the guard routes nowhere",
    'perdure.yaml:3:27  guards[1].name  another guard is called "a"',
    "perdure.yaml:4:59  guards[2].patterns[0].regex  Invalid regular expression: /(/: Unterminated group",
    "perdure.yaml:5:5  guards[3]  the guard looks for nothing",
    "perdure.yaml:6:42  guards[4].routeTo  the guard does not route",
    "perdure.yaml:7:73  guards[5].on  only requests can be routed",
    "perdure.yaml:8:5  guards[6]  not a guard",
  ])
})

test("a word that no guard knows is a mistake that lists those that are known", async () => {
  expect(
    await load("perdure.yaml", "guards:", "  - { type: redact, name: a, entities: [password] }", "  - { type: shout, name: b }"),
  ).toEqual([
    'perdure.yaml:2:41  guards[0].entities[0]  "password" is not one of the values  allowed: secret, iban, card, email, ip, phone',
    'perdure.yaml:3:13  guards[1].type  "shout" is not one of the values  allowed: redact, moderate, custom',
  ])
})

test("a guard of the application's code is one with a function", async () => {
  const config = await load(
    "perdure.config.ts",
    "const before = () => ({ action: 'allow' })",
    "export default { guards: [{ type: 'custom', name: 'own', when: { keys: ['key_1'] }, before }] }",
  )
  expect(config).toMatchObject({
    guards: [{ type: "custom", name: "own", when: { keys: ["key_1"] }, before: expect.any(Function) as unknown }],
  })
  const wrong = await load("perdure.wrong.config.ts", "export default { guards: [{ type: 'custom', name: 'own', before: 'later' }] }")
  expect((wrong as string[])[0]).toContain("guards[0]  not a guard")
})
