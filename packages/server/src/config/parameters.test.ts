// What a configuration may say of the parameters of requests, and what it is told when a name or a value may not stand there.
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { ConfigError, loadConfig, type Config } from "./index.ts"

async function load(yaml: string): Promise<Config> {
  const cwd = mkdtempSync(join(tmpdir(), "perdure-parameters-"))
  writeFileSync(join(cwd, "perdure.yaml"), yaml)
  return (await loadConfig({ cwd, env: { OPENAI_API_KEY: "hush", ANTHROPIC_API_KEY: "hush", WORD: "word" } })).config
}

async function problems(yaml: string): Promise<string[]> {
  try {
    await load(yaml)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ location, path, what }) => `${location.split(":")[1]} ${path}: ${what}`)
    throw error
  }
  return []
}

test("a deployment's own parameters stand above those of its model, name by name", async () => {
  const { models } = await load(`
models:
  m:
    parameters: { temperature: 0.2, max_tokens: 400, keep_alive: 10m }
    overrideParameters: { seed: 7 }
    dropParameters: [logit_bias, top_p]
    deployments:
      - { provider: openai, model: gpt-4o }
      - provider: openai
        model: gpt-4.1
        parameters: { temperature: 1, top_p: 0.5, metadata: { team: "\${WORD}" } }
        overrideParameters: { max_tokens: 100 }
        dropParameters: [seed]
        headers: { X-Team: red, X-Secret: { env: OPENAI_API_KEY } }
  plain: { deployments: [{ provider: openai, model: gpt-4o }] }
`)
  const [first, second] = models["m"]?.deployments ?? []
  expect(first?.parameters).toEqual({
    defaults: { temperature: 0.2, max_tokens: 400, keep_alive: "10m" },
    overrides: { seed: 7 },
    dropped: ["logit_bias", "top_p"],
  })
  expect(second?.parameters).toEqual({
    defaults: { keep_alive: "10m", temperature: 1, top_p: 0.5, metadata: { team: "word" } },
    overrides: { max_tokens: 100 },
    dropped: ["logit_bias", "seed"],
  })
  expect(second?.headers).toMatchObject({ "x-team": { origin: "literal" }, "x-secret": { origin: "env OPENAI_API_KEY" } })
  expect(models["plain"]?.deployments[0]).toMatchObject({ parameters: null, headers: {} })
})

test("the limit of an answer is one thing by both of its names", async () => {
  const { models } = await load(`
models:
  m:
    parameters: { max_tokens: 400 }
    deployments:
      - { provider: openai, model: gpt-4o, parameters: { max_completion_tokens: 100 } }
      - { provider: openai, model: gpt-4o, dropParameters: [max_completion_tokens] }
`)
  expect(models["m"]?.deployments.map(({ parameters }) => parameters)).toEqual([
    { defaults: { max_tokens: 100 }, overrides: {}, dropped: [] },
    { defaults: {}, overrides: {}, dropped: ["max_tokens"] },
  ])
})

const on = (provider: string, lines: string): string => `models:\n  m:\n    deployments:\n      - { provider: ${provider} }\n${lines}`
const openai = (line: string): string => on("openai, model: gpt-4o", `    ${line}`)

test.each([
  [
    "a conversation",
    "parameters: { messages: [] }",
    'models.m.parameters.messages: "messages" cannot be set for all requests: it is what the client asks',
  ],
  ["a model", "overrideParameters: { model: other }", "models.m.overrideParameters.model"],
  ["how it is delivered", "parameters: { stream: true }", "how an answer is delivered is the client's choice"],
  ["usage in streams", "parameters: { stream_options: {} }", "how an answer is delivered is the client's choice"],
  ["whom limits go by", "overrideParameters: { user: all }", "limits and records go by the user"],
  ["a key", "parameters: { api_key: x }", "no secret may stand in them"],
  ["a value like a key", "parameters: { tag: sk-abcdefghijklmnopqrstuvwxyz }", "no secret may stand in them"],
  ["a reference to a secret", "parameters: { tag: { env: OPENAI_API_KEY } }", "no secret may stand in them"],
  ["a secret in an object", "parameters: { metadata: { authorization: x } }", "no secret may stand in them"],
  ["a temperature that nobody takes", "parameters: { temperature: 3 }", "models.m.parameters.temperature"],
  ["one limit by two names", "parameters: { max_tokens: 1, max_completion_tokens: 2 }", "max_tokens says the same"],
  ["one both ways", "{ parameters: { seed: 1 }, overrideParameters: { seed: 2 } }", '"seed" is in parameters too'],
  ["one set and left out", "{ parameters: { seed: 1 }, dropParameters: [seed] }", '"seed" is both set and left out'],
  ["what a request needs", "dropParameters: [messages]", '"messages" cannot be left out: a request needs it'],
  ["a part of a parameter", 'dropParameters: ["tools[0].strict"]', "models.m.dropParameters[0]"],
  ["vectors as base64", "parameters: { encoding_format: base64 }", "how vectors are written is the client's choice"],
])("%s is refused with its place", async (_, line, told) => {
  const lines = line.startsWith("{") ? line.slice(2, -2).replace("}, ", "}\n    ") : line
  const found = await problems(openai(lines))
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(told)
  expect(found[0]).toMatch(/^\d+ models\.m\./)
  expect(found.join()).not.toContain("abcdefghijklmnop")
})

test("names that a provider does not know are refused where it speaks a dialect of its own, and passed on where it speaks OpenAI's", async () => {
  const own = `    parameters: { keep_alive: 5m, thinking: { type: enabled, budget_tokens: 2048 } }`
  expect(await problems(on("openai, model: gpt-4o", own))).toEqual([])
  expect(await problems(on("anthropic, model: claude-sonnet-4-5", own))).toEqual([
    expect.stringMatching(/^5 models\.m\.parameters\.keep_alive: anthropic \(anthropic\) has no parameter "keep_alive"$/),
  ])
  expect(await problems(on("perdure, model: perdure/extractive", "    parameters: { keep_alive: 5m, temperature: 0 }"))).toEqual([
    expect.stringContaining('what runs in this process has no parameter "keep_alive"'),
  ])
})

test("parameters of pictures and sounds are known to the providers that are asked for them, and a speed is not among them", async () => {
  const voice = "    overrideParameters: { voice: Kore }"
  const size = "    parameters: { size: 1024x1024, quality: high, style: vivid }"
  for (const provider of ["gemini, model: gemini-2.5-flash-preview-tts", "openai, model: tts-1"])
    expect(await problems(on(provider, voice))).toEqual([])
  expect(await problems(on("bedrock, model: amazon.nova-canvas-v1:0", size).replace("models:", bedrock))).toEqual([])
  for (const provider of ["anthropic, model: claude-sonnet-4-5", "perdure, model: perdure/extractive"])
    expect(await problems(on(provider, voice))).toEqual([expect.stringContaining('has no parameter "voice"')])
  expect(await problems(on("gemini, model: gemini-2.5-flash-preview-tts", "    parameters: { speed: fast }"))).toEqual([
    expect.stringContaining('has no parameter "speed"'),
  ])
})

const bedrock = "providers: { bedrock: { settings: { region: eu-central-1 } } }\nmodels:"

test("headers that belong to the way of sending are refused", async () => {
  expect(await problems("models: { m: { deployments: [{ provider: openai, model: a, headers: { Content-Length: '3' } }] } }")).toEqual([
    expect.stringContaining('the header "Content-Length" is set by the way a request is sent'),
  ])
})
