// From a configuration file to the deployments of its models, and those that a pattern makes.
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { loadConfig } from "../config/index.ts"
import { AppError } from "../core/index.ts"
import { createModels, isProbed } from "../inference/index.ts"
import { declaredModels, type DeclaredModels } from "./deployments.ts"

async function declared(yaml: string): Promise<DeclaredModels> {
  const cwd = mkdtempSync(join(tmpdir(), "perdure-deployments-"))
  writeFileSync(join(cwd, "perdure.yaml"), yaml)
  return declaredModels((await loadConfig({ cwd, env: { KEY: "hush" } })).config, [], { createdAt: 7 })
}

const providers = `
providers:
  up: { type: openai, apiKey: { env: KEY }, region: eu, organisation: ours }
  gpu: { type: vllm, baseUrl: "http://127.0.0.1:9/v1" }
`

test("what a model says of its choice reaches the registry and the pool", async () => {
  const { models } = await declared(`${providers}
models:
  smart:
    aliases: [default]
    regions: [eu]
    fallbacks: [cheap]
    hedge: { afterMs: 9 }
    timeouts: { totalMs: 5 }
    deployments:
      - { provider: up, model: a, weight: 2, priority: 1, tags: [x], limits: { concurrent: 3 } }
      - { provider: gpu, model: b }
  cheap: { deployments: [{ provider: gpu, model: c, probe: false }] }
`)
  expect(models[0]).toMatchObject({
    aliases: ["default"],
    regions: ["eu"],
    fallbacks: ["cheap"],
    hedgeAfterMs: 9,
    deployments: [
      {
        id: "up/a",
        weight: 2,
        priority: 1,
        tags: ["x"],
        region: "eu",
        organisation: "ours",
        limits: { concurrent: 3 },
        timeouts: { totalMs: 5 },
      },
      { id: "gpu/b", timeouts: { totalMs: 5 } },
    ],
  })
  expect(models.map(({ deployments }) => deployments.map(isProbed))).toEqual([[false, true], [false]])
})

test("a pattern passes the name on that was asked for, with what such a model does, and its price", async () => {
  const found = await declared(`${providers}
models:
  any/*: { regions: [eu], deployments: [{ provider: up, model: "*", price: { inputPerMillionUsd: 3 } }] }
  claude-*: { deployments: [{ provider: gpu, model: "anthropic.claude-*-v1" }] }
`)
  const models = createModels(found)
  expect(models.get("any/gpt-9-codex")).toMatchObject({
    name: "any/gpt-9-codex",
    regions: ["eu"],
    deployments: [{ id: "up/gpt-9-codex", upstreamModel: "gpt-9-codex", dialect: "openai-responses", does: { chat: true } }],
  })
  expect(models.get("any/text-embedding-4")?.deployments[0]?.does).toEqual({ chat: false, embeddings: true })
  expect(models.get("any/whisper-2")?.deployments[0]?.does).toMatchObject({ chat: false, transcription: true })
  expect(models.get("claude-x")?.deployments[0]?.upstreamModel).toBe("anthropic.claude-x-v1")
  expect(found.prices.get("up/gpt-9-codex")).toMatchObject({ input: 3_000_000 })
})

test("a pattern whose provider is nowhere is refused at the start, not at the first call", async () => {
  await expect(declared(`models: { "gq/*": { deployments: [{ provider: groq, model: "*" }] } }`)).rejects.toThrow(AppError)
})

test("a deployment has the parameters of its model with its own above them, and its headers above its provider's", async () => {
  const { models } = await declared(`
providers:
  up: { type: openai, apiKey: { env: KEY }, settings: { headers: { X-Team: blue, X-Plain: a } } }
models:
  m:
    parameters: { temperature: 0.2 }
    deployments:
      - { provider: up, model: a, parameters: { max_tokens: 9 }, headers: { x-team: red } }
      - { provider: up, model: b }
  plain: { deployments: [{ provider: up, model: a }] }
`)
  const [first, second, plain] = models.flatMap(({ deployments }) => deployments)
  expect(first).toMatchObject({
    parameters: { defaults: { temperature: 0.2, max_tokens: 9 }, overrides: {}, dropped: [] },
    settings: { headers: { "x-team": "red", "x-plain": "a" } },
  })
  expect(second).toMatchObject({
    parameters: { defaults: { temperature: 0.2 } },
    settings: { headers: { "x-team": "blue", "x-plain": "a" } },
  })
  expect(plain).not.toHaveProperty("parameters")
})
