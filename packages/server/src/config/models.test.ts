// What a configuration may say of a model's names, deployments, fallbacks and regions, and what it is told when that leads nowhere.
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { ConfigError, loadConfig, matchOf, type Config } from "./index.ts"

async function load(yaml: string): Promise<Config> {
  const cwd = mkdtempSync(join(tmpdir(), "perdure-models-"))
  writeFileSync(join(cwd, "perdure.yaml"), yaml)
  return (await loadConfig({ cwd, env: { OPENAI_API_KEY: "hush" } })).config
}

async function problems(yaml: string): Promise<string[]> {
  try {
    await load(yaml)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, what }) => `${path}: ${what}`)
    throw error
  }
  return []
}

const full = `
providers:
  eu: { type: vllm, baseUrl: "http://gpu.example/v1", region: eu-west-1, organisation: ours }
  cloud: { type: vertex, settings: { project: p, location: europe-west4, credentials: { env: OPENAI_API_KEY } } }
models:
  smart:
    aliases: [gpt-5, default]
    regions: [eu, europe-west4]
    fallbacks: [cheap, "any/thing"]
    contextFallbacks: [long]
    contentFallbacks: [long]
    sort: latency
    hedge: { afterMs: 800 }
    timeouts: { firstTokenMs: 20000, totalMs: 600000 }
    deployments:
      - { provider: eu, model: a, weight: 3, tags: [fast], limits: { requestsPerMinute: 60, concurrent: 4 }, timeouts: { firstTokenMs: 5000 } }
      - { provider: cloud, model: b, priority: 1, region: europe-west1, probe: true }
      - { provider: cloud, model: c, weight: 0 }
  cheap: { deployments: [{ provider: openai, model: gpt-5-nano }] }
  long: { deployments: [{ provider: openai, model: gpt-4.1 }] }
  any/*: { deployments: [{ provider: openai, model: "*", does: { images: true } }] }
`

test("everything about a model is read, and what it leaves open comes from its provider and its defaults", async () => {
  const { models, providers } = await load(full)
  expect(models["smart"]).toMatchObject({
    aliases: ["gpt-5", "default"],
    regions: ["eu", "europe-west4"],
    fallbacks: ["cheap", "any/thing"],
    contextFallbacks: ["long"],
    contentFallbacks: ["long"],
    sort: "latency",
    hedgeAfterMs: 800,
  })
  expect(models["smart"]?.deployments).toMatchObject([
    {
      weight: 3,
      priority: 0,
      tags: ["fast"],
      region: "eu-west-1",
      limits: { requestsPerMinute: 60, concurrent: 4 },
      timeouts: { firstTokenMs: 5_000, totalMs: 600_000 },
      probe: null,
    },
    { weight: 1, priority: 1, region: "europe-west1", limits: null, timeouts: { firstTokenMs: 20_000 }, probe: true },
    { weight: 0, region: "europe-west4" },
  ])
  expect(models["cheap"]).toMatchObject({ aliases: [], regions: null, sort: null, hedgeAfterMs: null })
  expect(models["any/*"]?.deployments[0]).toMatchObject({ model: "*", does: { chat: false, images: true } })
  expect(providers["eu"]?.organisation).toBe("ours")
})

const one = "deployments: [{ provider: openai, model: m }]"

test.each([
  [
    "an alias that is another model",
    `models: { a: { aliases: [b], ${one} }, b: { ${one} } }`,
    'models.a.aliases[0]: "b" is the name of another model, or twice here',
  ],
  [
    "an alias of two models",
    `models: { a: { aliases: [x], ${one} }, b: { aliases: [x], ${one} } }`,
    'models.b.aliases[0]: "x" is the name of another model, or twice here',
  ],
  [
    "an alias of a pattern",
    `models: { "a/*": { aliases: [x], deployments: [{ provider: openai, model: "*" }] } }`,
    'models["a/*"].aliases: a pattern stands for many models',
  ],
  [
    "a fallback that is misspelt",
    `models: { smart: { fallbacks: [cheep], ${one} }, cheap: { ${one} } }`,
    'models.smart.fallbacks[0]: there is no model "cheep"',
  ],
  [
    "a fallback that nobody will discover",
    `discovery: false\nmodels: { smart: { fallbacks: [gpt-4o], ${one} } }`,
    'models.smart.fallbacks[0]: there is no model "gpt-4o"',
  ],
  [
    "a model that stands in for itself",
    `models: { smart: { contextFallbacks: [smart], ${one} } }`,
    "models.smart.contextFallbacks[0]: a model cannot stand in for itself",
  ],
  [
    "pictures of a provider that is asked in its own dialect",
    `models: { a: { deployments: [{ provider: cohere, model: m, does: { images: true } }] } }`,
    "models.a.deployments[0].does.images: Cohere is not asked for this in its own dialect",
  ],
  [
    "hedging without a second deployment",
    `models: { a: { hedge: { afterMs: 5 }, ${one} } }`,
    "models.a.hedge: there is no second deployment to ask",
  ],
  [
    "a star that stands for nothing",
    `models: { a: { deployments: [{ provider: openai, model: "gpt-*" }] } }`,
    'models.a.deployments[0].model: the model "a" has no * that this one could stand for',
  ],
  [
    "a pattern of one file",
    `models: { "a/*": { deployments: [{ gguf: x.gguf }] } }`,
    'models["a/*"].deployments[0].gguf: one file is one model',
  ],
])("%s is refused where it stands", async (_, yaml, problem) => {
  expect(await problems(yaml)).toEqual([problem])
})

test("a star stands for at least one character, and its ends do not overlap", () => {
  expect(
    ["openai/*", "a*a", "a*a", "*", "plain"].map((pattern, index) =>
      matchOf(pattern, ["openai/x/y", "aba", "aa", "z", "plain"][index] ?? ""),
    ),
  ).toEqual(["x/y", "b", undefined, "z", undefined])
})

test("what tells where something was declared tells the file's name, not where it lies on the machine", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "perdure-origin-"))
  const configPath = join(cwd, "perdure.yaml")
  writeFileSync(
    configPath,
    `models: { a: { ${one} } }\nexperiments: { e: { variants: { x: { model: a } } } }\nbudgets: [{ name: b, for: {}, per: day, usd: 1 }]`,
  )
  const { config } = await loadConfig({ cwd: tmpdir(), configPath, env: { OPENAI_API_KEY: "hush" } })
  expect([config.models["a"], config.experiments[0], config.budgets[0]].map((each) => each?.origin)).toEqual([
    "perdure.yaml:1",
    "perdure.yaml:2",
    "perdure.yaml:3",
  ])
})
