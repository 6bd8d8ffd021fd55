// Tests of the translation of Bifrost's configurations: what they become, that our own loader takes it, that no secret comes along.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { loadConfig } from "../../config/index.ts"
import { configImports, type ImportedConfig, type ImportEntry } from "../../testing/config-imports.ts"

const { directory, imported, ...imports } = configImports("bifrost", (name) =>
  /ENDPOINT/.test(name) ? "https://west.openai.azure.com" : `value-of-${name}`,
)
const example = join(import.meta.dirname, "examples", "team.json")
const loaded = (): Promise<ImportedConfig> => imports.loaded(example)

function whysOf(entries: ImportEntry[], path: string): string[] {
  return entries.filter(({ paths }) => paths.includes(path)).map(({ why }) => why)
}

describe("providers and keys", () => {
  it("become models that clients ask for as before, and by their names alone where one provider has them", async () => {
    const { config } = await loaded()
    expect(Object.keys(config.models).toSorted()).toEqual([
      "anthropic/claude-sonnet-4-5",
      "azure/gpt-4o",
      "bedrock/claude-sonnet",
      "openai/*",
      "openai/gpt-4o-mini",
      "rule/anyone-else",
      "vertex/gemini-3.5-flash",
      "vllm-local/*",
    ])
    expect(config.models["openai/gpt-4o-mini"]).toMatchObject({ aliases: ["gpt-4o-mini"] })
    const [first, second] = config.models["openai/gpt-4o-mini"]?.deployments ?? []
    expect([first, second]).toMatchObject([
      { model: "gpt-4o-mini", weight: 2, limits: { concurrent: 100 }, timeouts: { totalMs: 120_000, idleMs: 60_000 } },
      { model: "gpt-4o-mini", weight: 1 },
    ])
    const keys = [first, second].map((deployment) => config.providers[deployment?.provider ?? ""]?.apiKey?.origin)
    expect(keys).toEqual(["env OPENAI_KEY_1", "env OPENAI_KEY_2"])
    expect(config.models["openai/*"]?.deployments).toMatchObject([{ model: "*", weight: 2 }])
  })

  it("have the names and addresses of clouds, and servers that speak as OpenAI does have their version", async () => {
    const { config } = await loaded()
    const placesOf = (name: string) =>
      config.models[name]?.deployments.map(({ provider, model }) => ({ model, ...config.providers[provider] })) ?? []
    expect(placesOf("azure/gpt-4o")).toMatchObject([
      { model: "gpt-4o-prod", type: "azure", baseUrl: expect.stringContaining("https://east.openai.azure.com") as string },
      { model: "gpt-4o", type: "azure", baseUrl: expect.stringContaining("https://west.openai.azure.com") as string },
    ])
    expect(placesOf("bedrock/claude-sonnet")).toMatchObject([
      { model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", type: "bedrock", region: "us-east-1" },
    ])
    expect(placesOf("vertex/gemini-3.5-flash")).toMatchObject([{ type: "vertex", region: "us-central1" }])
    expect(placesOf("vllm-local/*")).toMatchObject([{ type: "openai-compatible", baseUrl: "http://vllm.internal:8000/v1" }])
    expect(config.limits).toMatchObject({
      sameDeploymentRetriesMax: 3,
      retryBackoffMs: 500,
      retryBackoffMsMax: 5_000,
      requestBodyBytesMax: 50 * 1024 ** 2,
    })
  })

  it("say which provider is not known, which key is off, and that certificates are verified", async () => {
    const { report } = await loaded()
    expect(whysOf(report.leftOut, "providers.replicate.keys[0].model")).toEqual([expect.stringContaining('"replicate" is not known')])
    expect(whysOf(report.notNeeded, "providers.openai.keys[2]")).toEqual(["the key is not enabled"])
    expect(whysOf(report.leftOut, "providers.anthropic.network_config.insecure_skip_verify")).toEqual([
      "certificates of providers are always verified",
    ])
    expect(whysOf(report.differs, "providers.*.network_config.max_retries")).toHaveLength(1)
    expect(whysOf(report.differs, "providers.vertex.keys[0].vertex_key_config.auth_credentials").join()).toContain("base64")
  })

  it("no secret that stands in the file is written, nor told in the report", async () => {
    const secrets = [...new Set(readFileSync(example, "utf8").match(/literal-secret-[\w-]+/g))]
    expect(secrets.length).toBeGreaterThan(3)
    const { all } = await loaded()
    const { out, err } = await imported(example)
    for (const secret of secrets) expect([all, out, err].some((text) => text.includes(secret))).toBe(false)
  })
})

describe("governance and plugins", () => {
  it("become limits of tags, and commands that make the keys with them", async () => {
    const { config, report } = await loaded()
    expect(config.budgets).toMatchObject([
      { name: "b-acme", for: { tag: "customer:Acme-Corp" }, per: "month", usd: 2000 },
      { name: "b-team", for: { tag: "team:ML-Team" }, per: "week", usd: 500 },
      { name: "b-platform", for: { tag: "vk:platform-key" }, per: "day", usd: 10 },
      { name: "b-openai", for: { provider: expect.arrayContaining(["openai"]) as string[] }, per: "month", usd: 900 },
    ])
    expect(config.rateLimits).toMatchObject([
      { for: { tag: "vk:platform-key" }, per: "hour", requests: 1000 },
      { for: { tag: "vk:platform-key" }, per: "day", tokens: 1_000_000 },
      { for: { model: "openai/gpt-4o-mini" }, per: "minute", requests: 60 },
    ])
    const command = report.leftOut.find(({ paths }) => paths.includes("governance.virtual_keys[0]"))?.instead
    expect(command).toBe(
      'perdure keys create platform-key --models "openai/gpt-4o-mini,anthropic/*" --tag vk:platform-key --tag team:ML-Team',
    )
    expect(whysOf(report.leftOut, "governance.budgets[3].reset_duration").join()).toContain('"30s"')
    expect(whysOf(report.leftOut, "governance.budgets[5]").join()).toContain("nobody is named")
    expect(whysOf(report.notNeeded, "governance.virtual_keys[1]")).toEqual(["the key is not active"])
  })

  it("rules become rules in the order of their scopes, and a model where one shares its requests among several targets", async () => {
    const { config, report } = await loaded()
    expect(config.routingRules.map(({ name, when, to }) => ({ name, when, to }))).toEqual([
      {
        name: "ml",
        when: { tags: ["team:ML-Team"], headers: { "x-user-email": { matches: String.raw`@acme\.com$` } } },
        to: "anthropic/claude-sonnet-4-5",
      },
      {
        name: "premium-tier",
        when: {
          models: ["gpt-4*", ...["openai", "anthropic", "azure", "bedrock", "vertex", "vllm-local"].map((each) => `${each}/gpt-4*`)],
          headers: { "x-tier": "premium", "x-app": { not: "old", present: true } },
        },
        to: "openai/gpt-4.1",
      },
      {
        name: "anyone-else",
        when: { models: expect.arrayContaining(["gpt-4o", "azure/gpt-4o"]) as string[] },
        to: "rule/anyone-else",
      },
      { name: "anyone-else-2", when: { headers: { "x-env": ["staging", "test"] } }, to: "rule/anyone-else" },
    ])
    const { deployments, fallbacks } = config.models["rule/anyone-else"] ?? {}
    expect(fallbacks).toEqual(["anthropic/claude-sonnet-4-5"])
    expect(deployments?.map(({ model, weight }) => [model, weight])).toEqual([
      ["gpt-4o-mini", 0.5],
      ["gpt-4o-mini", 0.25],
      ["gpt-4o-prod", 0.167],
      ["gpt-4o", 0.083],
    ])
    const whys = ["3", "4", "6"].map((index) => whysOf(report.leftOut, `governance.routing_rules[${index}]`).join())
    expect(whys).toEqual([
      expect.stringContaining("budget_used > has no counterpart"),
      expect.stringContaining("no provider serves groq/x"),
      expect.stringContaining("keeps the provider or the model"),
    ])
    expect(whysOf(report.differs, "governance.routing_rules[2].chain_rule")).toHaveLength(1)
    expect(whysOf(report.notNeeded, "governance.routing_rules[5]")).toEqual(["the rule is not enabled"])
  })

  it("a cache is one of every model, and what is sent elsewhere is left out", async () => {
    const { config, report } = await loaded()
    expect(config.models["azure/gpt-4o"]?.cache).toMatchObject({ mode: "semantic", ttlSeconds: 300, similarityMin: 0.85 })
    expect(whysOf(report.leftOut, "plugins[1]")).toHaveLength(1)
    expect(whysOf(report.notNeeded, "plugins[2]")).toEqual(["it is not enabled"])
    for (const path of ["mcp", "encryption_key", "config_store", "client.allowed_origins"])
      expect(whysOf(report.leftOut, path)).toHaveLength(1)
    expect(whysOf(report.leftOut, "something_from_next_year")).toEqual(["this import does not know it"])
  })
})

describe("the command", () => {
  it.each([
    ["a file that is not there", undefined, "ENOENT"],
    ["what is no JSON", '{"providers": {"openai": {"keys": [literal-secret', "not valid JSON"],
    ["what is no object", "[1]", "not an object"],
    ["a file without a model", "{}", "no model that could be translated"],
  ])("refuses %s with the exit code of a wrong configuration, and shows none of it", async (_, text, expected) => {
    const path = text === undefined ? join(directory, "missing.json") : imports.written("wrong.json", text)
    const { code, err } = await imported(path)
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining(expected) as string })
    expect(err).not.toContain("literal-secret")
  })

  it("takes whatever stands where something else should, and gives a configuration that loads", async () => {
    const [path, out] = [imports.written("odd.json", odd), join(directory, "odd.perdure.yaml")]
    const { code, err } = await imported(path, "--out", out)
    expect({ code, err }).toEqual({ code: 0, err: "" })
    const { config } = await loadConfig({ cwd: directory, configPath: out, env: { OPENAI_API_KEY: "a" } })
    expect(Object.keys(config.models)).toEqual(["openai/gpt-4o"])
  })
})

const odd = {
  providers: {
    openai: {
      keys: [3, "x", { models: "gpt-4o", weight: "a", aliases: [1] }, { models: ["with space"] }],
      network_config: [],
      concurrency_and_buffer_size: 1,
    },
    azure: 7,
    none: null,
  },
  client: "x",
  governance: { virtual_keys: [1, { name: 3 }], budgets: {}, rate_limits: ["x"], model_configs: [{}], teams: null },
  plugins: [1, { name: "semantic_cache", enabled: true, config: 3 }],
}
