// Tests of the translation of Portkey's configs: what they become, that our own loader takes it, that no secret comes along.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { loadConfig } from "../../config/index.ts"
import { configImports, type ImportEntry } from "../../testing/config-imports.ts"
import { exitCodes } from "../exit-codes.ts"

const { directory, imported, loaded, ...imports } = configImports("portkey")
const example = (name: string): string => join(import.meta.dirname, "examples", `${name}.json`)
const written = (name: string, value: unknown): string => imports.written(`${name}.json`, value)

const pathsOf = (entries: ImportEntry[]): string[] => entries.flatMap(({ paths }) => paths)

describe("targets", () => {
  it("become deployments of one model: what is tried in turn by priority, what shares calls by weight", async () => {
    const { config } = await loaded(example("support"))
    const { deployments } = config.models["support"]!
    expect(deployments.map(({ model, weight, priority }) => ({ model, weight, priority }))).toEqual([
      { model: "gpt-5-mini", weight: 0.75, priority: 0 },
      { model: "gpt-5-mini", weight: 0.25, priority: 0 },
      { model: "gpt-prod", weight: 1, priority: 1 },
      { model: "claude-sonnet-4-5", weight: 1, priority: 2 },
    ])
    const accounts = deployments.map(({ provider }) => config.providers[provider])
    expect(accounts.map((each) => [each?.type, each?.apiKey?.origin])).toEqual([
      ["openai", "env OPENAI_API_KEY"],
      ["openai", "env OPENAI_EU_1A2B_API_KEY"],
      ["azure", "env AZURE_KEY"],
      ["anthropic", "env ANTHROPIC_API_KEY"],
    ])
    expect(accounts[2]).toMatchObject({ baseUrl: expect.stringContaining("https://west.openai.azure.com") as string })
  })

  it("have what they say and what those around them say", async () => {
    const { config } = await loaded(example("support"))
    const retry = { attempts: 3, on: [429, 500, "connection", "stream"], first: true }
    const fallbackOn = [429, 503, "connection", "stream"]
    expect(config.models["support"]?.deployments).toMatchObject([
      { retry, fallbackOn, timeouts: { totalMs: 30_000 }, parameters: { overrides: { temperature: 0.2 } } },
      { retry, fallbackOn, parameters: { overrides: { temperature: 1 } } },
      { retry, fallbackOn },
      { retry: { attempts: 0, first: true }, fallbackOn, parameters: { overrides: { max_tokens: 2000 } } },
    ])
    expect(config.models["support"]?.cache).toMatchObject({ mode: "semantic", ttlSeconds: 3_600 })
    expect(config.limits.attemptsMax).toBe(8)
  })

  it("that name no model take whatever a request names", async () => {
    const { config, report } = await loaded(example("several"))
    expect(config.models["any-model/*"]?.deployments).toMatchObject([{ model: "*" }])
    const [deployment] = config.models["any-model/*"]?.deployments ?? []
    expect(config.providers[deployment?.provider ?? ""]).toMatchObject({ baseUrl: "https://llm.example.com/v1" })
    expect(report.differs.map(({ why }) => why).join()).toContain("clients ask for any-model/<the model's name>")
  })

  it("are said to be unknown where only Portkey knows their provider, and what has no counterpart is named", async () => {
    const { report } = await loaded(example("support"))
    const left = pathsOf(report.leftOut)
    for (const path of [
      "targets[3].virtual_key",
      "targets[1].forward_headers",
      "strategy.on_status_codes",
      "input_guardrails[0]",
      "input_guardrails[2].default.contains",
      "input_guardrails[3].default.regexMatch",
      "output_guardrails[2].default.webhook",
    ])
      expect(left).toContain(path)
    expect(pathsOf(report.differs)).toContain("targets[0].targets[1].virtual_key")
    expect(pathsOf(report.notNeeded)).toContain("retry.use_retry_after_header")
    expect([...left, ...pathsOf(report.notNeeded)]).not.toContain("targets")
  })
})

describe("guardrails", () => {
  it("that refuse or replace what they find become guards of the model", async () => {
    const { config } = await loaded(example("support"))
    expect(config.guards).toMatchObject([
      {
        name: "contains",
        on: ["request"],
        action: "block",
        when: { models: ["support"] },
        patterns: [{ regex: String.raw`top \$\{secret\}|a\.b` }],
      },
      { name: "regexReplace", on: ["request"], action: "redact", entities: [], patterns: [{ regex: String.raw`PROJECT-\d+` }] },
      { name: "pii", on: ["answer"], action: "redact", entities: ["email"] },
      { name: "moderateContent", on: ["answer"], type: "moderate", model: "omni-moderation-latest" },
    ])
  })
})

describe("conditions", () => {
  it("become routing rules between models, with the default under the config's own name", async () => {
    const { config, report } = await loaded(example("several"))
    expect(config.models["plans"]).toMatchObject({ aliases: ["smartest"], deployments: [{ model: "gpt-5-mini" }] })
    expect(config.models["plans/large"]).toMatchObject({ deployments: [{ model: "gpt-5" }], cache: { mode: "exact" } })
    expect(config.routingRules).toMatchObject([
      {
        name: "plans-1",
        to: "plans/large",
        when: { models: ["plans"], metadata: { plan: ["pro", "max"] }, parameters: { max_tokens: { atLeast: 4000, below: 9000 } } },
      },
      { name: "plans-2", to: "plans/large", when: { models: ["plans"], metadata: { team: { not: "a" } } } },
      { name: "plans-2-2", to: "plans/large", when: { models: ["smartest"] } },
    ])
    expect(pathsOf(report.leftOut)).toEqual(expect.arrayContaining(["plans.strategy.conditions[2]", "plans.strategy.conditions[3]"]))
  })
})

describe("the file", () => {
  it("may be what Portkey's API gives, with the config as text", async () => {
    const { config } = await loaded(
      written("exported", { name: "Search EU", config: JSON.stringify({ provider: "openai", override_params: { model: "gpt-5" } }) }),
    )
    expect(Object.keys(config.models)).toEqual(["Search-EU"])
  })

  it.each(["support", "several"])("no secret that stands in it is written, nor told in the report (%s)", async (name) => {
    const secrets = [...new Set(readFileSync(example(name), "utf8").match(/literal-secret-[\w-]+/g))]
    const { all } = await loaded(example(name))
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([])
  })

  it.each([
    ["is no JSON", "{ literal-secret", "it is not valid JSON"],
    ["is a list", "[]", "it is not an object"],
    ["has no model", "{}", "no model that could be translated"],
  ])("that %s is refused, without its text", async (_, text, why) => {
    const { code, err } = await imported(written("wrong", text))
    expect(code).toBe(exitCodes.config)
    expect(err).toContain(why)
    expect(err).not.toContain("literal-secret")
  })

  it("with whatever stands where something else should gives a configuration that loads, or is refused", async () => {
    const odd = [
      { targets: [1, null, { provider: 3 }, { provider: "openai", weight: "x", retry: 7, override_params: [] }], strategy: "loadbalance" },
      {
        provider: "openai",
        input_guardrails: [{ "default.regexMatch": { rule: "(", not: true }, deny: true }, { checks: [3] }],
        cache: { mode: "odd" },
      },
      { strategy: { mode: "conditional", conditions: [4, { query: [] }] }, targets: [{ provider: "openai" }] },
      { provider: "openai", override_params: { model: "*bad*name*", messages: [], api_key: "literal-secret-in-params" } },
      { provider: "sagemaker" },
    ]
    for (const [index, config] of odd.entries()) {
      const out = join(directory, `odd-${index}.yaml`)
      const { code, out: printed } = await imported(written(`odd-${index}`, config), "--out", out, "--force")
      expect(printed).not.toContain("literal-secret")
      if (code === 0) await loadConfig({ cwd: directory, configPath: out, env: { OPENAI_API_KEY: "a" } })
      else expect(code).toBe(exitCodes.config)
    }
  })
})
