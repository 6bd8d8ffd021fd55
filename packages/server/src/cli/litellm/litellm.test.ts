// Tests of the translation of LiteLLM's configurations: what they become, that our own loader takes it, that no secret comes along.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { loadConfig, Secret, type LoadedConfig } from "../../config/index.ts"
import type { JsonObject } from "../../core/index.ts"
import { createTerminal, runCli } from "../index.ts"
import { readLiteLlm, translateLiteLlm } from "./index.ts"

const directory = mkdtempSync(join(tmpdir(), "perdure-import-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const examples = join(import.meta.dirname, "examples")
const names = readdirSync(examples).map((name) => name.replace(".yaml", ""))

interface PrintedReport {
  config: JsonObject
  leftOut: Entry[]
  differs: Entry[]
  notNeeded: Entry[]
  environment: { name: string; moved: boolean; paths: string[] }[]
}

interface Entry {
  paths: string[]
  why: string
  instead?: string
}

/** By the command line, as people do it. */
async function imported(path: string, ...more: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" }
  const stdout = { write: (text: string) => (written.out += text) }
  const stderr = { write: (text: string) => (written.err += text) }
  const terminal = createTerminal({ stdout, stderr, noColour: true })
  return { code: await runCli(["import", "litellm", path, ...more], { terminal, entry: "" }), ...written }
}

/** What the loader makes of the result, with every wanted variable set. */
interface Loaded {
  report: PrintedReport
  config: LoadedConfig["config"]
  text: string
  all: string
}

function loadedText(text: string): Promise<Loaded> {
  const path = join(directory, "given.yaml")
  writeFileSync(path, text)
  return loaded("given", path)
}

async function loaded(name: string, path = join(examples, `${name}.yaml`)): Promise<Loaded> {
  const out = join(directory, `${name}.perdure.yaml`)
  const { code, out: json, err } = await imported(path, "--out", out, "--force", "--json")
  expect({ code, err }).toEqual({ code: 0, err: "" })
  const report = JSON.parse(json) as PrintedReport
  const account = join(directory, "account.json")
  writeFileSync(account, '{"type":"service_account"}')
  const env = Object.fromEntries(report.environment.map(({ name }) => [name, valueFor(name, account)]))
  const { config } = await loadConfig({ cwd: directory, configPath: out, env })
  const text = readFileSync(out, "utf8")
  return { report, config, text, all: text + json }
}

function valueFor(name: string, account: string): string {
  if (name === "GOOGLE_APPLICATION_CREDENTIALS") return account
  return /BASE|WEBHOOK/.test(name) ? `https://${name.toLowerCase().replaceAll("_", "-")}.example.com` : `value-of-${name}`
}

/** A whole file as the report would name its parts: every leaf is read, or said something of. */
function translated(value: JsonObject): ReturnType<typeof translateLiteLlm> {
  return translateLiteLlm(value)
}

const whysOf = (entries: readonly Entry[], path: string): string[] =>
  entries.filter(({ paths }) => paths.some((each) => each.startsWith(path))).map(({ why }) => why)

describe("each example", () => {
  it.each(names)("%s becomes a configuration that our own loader takes", async (name) => {
    const { config, text } = await loaded(name)
    expect(Object.keys(config.models).length).toBeGreaterThan(2)
    // What is printed without --out is the same text.
    const { out } = await imported(join(examples, `${name}.yaml`))
    expect(out).toBe(text)
  })

  it.each(names)("%s: no secret that stands in it is written, nor told in the report", async (name) => {
    const source = readFileSync(join(examples, `${name}.yaml`), "utf8")
    const secrets = [...new Set(source.match(/literal-secret-[\w-]+/g))]
    expect(secrets.length).toBeGreaterThan(0)
    const { all } = await loaded(name)
    const { out, err } = await imported(join(examples, `${name}.yaml`))
    for (const secret of secrets) expect([all, out, err].filter((text) => text.includes(secret))).toEqual([])
  })

  it.each(names)("%s: every setting is translated or reported", (name) => {
    const value = readLiteLlm(join(examples, `${name}.yaml`))
    // A member that nobody knows, put into every map that has settings, is found in the report.
    const planted: string[] = []
    const plant = (each: unknown, path: string): void => {
      if (typeof each !== "object" || each === null || Array.isArray(each)) throw new Error(`${path} is no map`)
      Object.assign(each, { planted_setting: 1 })
      planted.push(`${path}planted_setting`)
    }
    plant(value, "")
    for (const section of ["router_settings", "litellm_settings", "general_settings"])
      if (value[section]) plant(value[section], `${section}.`)
    const list = value["model_list"] as JsonObject[]
    const served = new Set(translated(structuredClone(value)).report.entries.flatMap(({ paths }) => paths))
    for (const [index, item] of list.entries()) {
      const path = `model_list[${index}].litellm_params.`
      if (!served.has(`${path}model`) && !served.has(`model_list[${index}].model_name`) && !served.has(`${path}api_base`))
        plant(item["litellm_params"], path)
    }
    const { config, report } = translated(value)
    const told = report.entries.flatMap(({ paths }) => paths)
    // LiteLLM sends what it does not know to the provider.
    const isSent = (path: string): boolean => {
      const name = list[Number(/^model_list\[(\d+)\]/.exec(path)?.[1] ?? -1)]?.["model_name"]
      return (
        typeof name === "string" &&
        config.models?.[name]?.deployments.some(({ parameters }) => parameters?.["planted_setting"] === 1) === true
      )
    }
    expect(planted.filter((path) => !told.includes(path) && !isSent(path))).toEqual([])
  })
})

describe("a team's gateway", () => {
  it("has its models with their deployments, limits, orders, tags and prices", async () => {
    const { config } = await loaded("team")
    const { models, providers } = config
    expect(models["gpt-4o"]?.deployments).toMatchObject([
      {
        provider: "azure",
        model: "gpt-4o-eu",
        weight: 600,
        tags: ["eu", "paid"],
        limits: { requestsPerMinute: 600, tokensPerMinute: 100_000 },
        price: { inputPerMillionUsd: 2.5, outputPerMillionUsd: 10, cachedInputPerMillionUsd: 1.25 },
      },
      { provider: "azure-my-endpoint-canada", model: "gpt-4o-ca", weight: 60, limits: { requestsPerMinute: 60 } },
    ])
    expect(providers["azure"]).toMatchObject({
      type: "azure",
      baseUrl: "https://azure-api-base-eu.example.com",
      settings: { apiVersion: "2024-10-21" },
    })
    expect(providers["azure-my-endpoint-canada"]).toMatchObject({
      baseUrl: "https://my-endpoint-canada.openai.azure.com",
      settings: { apiVersion: "2024-10-21" },
    })
    expect(models["claude-sonnet"]?.deployments).toMatchObject([
      { provider: "anthropic", model: "claude-sonnet-4-5", priority: 0, limits: { concurrent: 20 } },
      { provider: "openrouter", model: "anthropic/claude-sonnet-4.5", priority: 1 },
    ])
    expect(models["fast"]?.deployments[0]).toMatchObject({ provider: "groq", timeouts: { totalMs: 30_000, firstTokenMs: 5_000 } })
    expect(models["long"]?.deployments[0]).toMatchObject({ provider: "gemini", contextTokensMax: 1_048_576 })
    expect(models["text-embedding-3-small"]?.deployments[0]?.does).toMatchObject({ embeddings: true })
    expect(models["whisper"]?.deployments[0]).toMatchObject({ does: { transcription: true }, price: { perSecondUsd: 0.0000308 } })
  })

  it("has one provider for each organisation, and for a pattern the model's own name", async () => {
    const { config } = await loaded("team")
    const places = config.models["openai/*"]?.deployments ?? []
    expect(places.map(({ model }) => model)).toEqual(["*", "*"])
    expect(places.map(({ provider }) => config.providers[provider]?.settings.organization)).toEqual(["org-one", "org-two"])
  })

  it("has the other names, also one that a pattern makes", async () => {
    const { config, report } = await loaded("team")
    expect(config.models["gpt-4o"]?.aliases).toEqual(["gpt-4"])
    expect(config.models["fast"]?.aliases).toEqual(["secret-name"])
    expect(config.models["mini"]?.deployments[0]?.model).toBe("gpt-4o-mini")
    expect(whysOf(report.differs, "router_settings.model_group_alias.secret-name")).toEqual([expect.stringContaining("list of models")])
  })

  it("has the fallbacks, and says which name no model", async () => {
    const { config, report } = await loaded("team")
    expect(config.models["gpt-4o"]).toMatchObject({ fallbacks: ["claude-sonnet"], contextFallbacks: ["long"], sort: "latency" })
    expect(config.models["claude-sonnet"]?.fallbacks).toEqual(["gpt-4o"])
    expect(config.models["long"]?.fallbacks).toEqual(["fast"])
    expect(config.models["text-embedding-3-small"]?.fallbacks).toEqual([])
    expect(whysOf(report.leftOut, "router_settings.fallbacks")).toEqual(['there is no model "no-such-model" in the new configuration'])
  })

  it("has retries, times, rests, budgets, a cache and a limit of calls at once", async () => {
    const { config } = await loaded("team")
    expect(config.limits).toMatchObject({
      sameDeploymentRetriesMax: 3,
      attemptsMax: 8,
      totalTimeoutMs: 600_000,
      breakerFailuresMax: 4,
      breakerOpenMs: 30_000,
      coolDownMs: 30_000,
      requestBodyBytesMax: 16 * 1024 * 1024,
    })
    expect(config.budgets).toMatchObject([{ for: {}, per: "month", usd: 500 }])
    expect(config.rateLimits).toMatchObject([{ concurrent: 100 }])
    expect(config.alerts).toMatchObject([{ name: "litellm-slack", format: "slack", on: ["budget.threshold", "budget.exceeded"] }])
    expect(config.alerts[0]?.url.origin).toBe("env SLACK_WEBHOOK_URL")
    expect(config.models["fast"]?.cache).toMatchObject({ mode: "exact", ttlSeconds: 600, scope: "principal" })
    expect(config.models["text-embedding-3-small"]?.cache).toBeNull()
    expect(config.discovery).toBe(false)
  })

  it("has secrets by reference, one variable for each, and says which have to be moved", async () => {
    const { config, report } = await loaded("team")
    expect(config.providers["groq"]?.apiKey).toEqual(new Secret("value-of-GROQ_API_KEY", "env GROQ_API_KEY"))
    const moved = report.environment.filter(({ moved }) => moved)
    expect(moved).toEqual([
      { name: "AZURE_API_KEY", moved: true, paths: ["model_list[1].litellm_params.api_key"] },
      { name: "GROQ_API_KEY", moved: true, paths: ["model_list[4].litellm_params.api_key", "model_list[7].litellm_params.api_key"] },
    ])
    expect(report.environment.map(({ name }) => name)).not.toContain("REDIS_PASSWORD")
  })

  it("says of what is left out why, and what to do instead", async () => {
    const { report } = await loaded("team")
    for (const path of [
      "general_settings.master_key",
      "general_settings.database_url",
      "general_settings.alerting",
      "general_settings.alerting_threshold",
      "general_settings.alert_types",
      "environment_variables",
      "litellm_settings.success_callback",
    ]) {
      const [entry] = report.leftOut.filter(({ paths }) => paths.includes(path))
      expect({ path, why: entry?.why, instead: entry?.instead }).toEqual({
        path,
        why: expect.any(String) as string,
        instead: expect.any(String) as string,
      })
    }
    expect(whysOf(report.notNeeded, "litellm_settings.drop_params")).toHaveLength(1)
  })
})

describe("clouds", () => {
  it("Bedrock has its region, its credentials and the model's own id", async () => {
    const { config, report } = await loaded("clouds")
    const [first, second] = config.models["sonnet"]?.deployments ?? []
    expect(first).toMatchObject({ provider: "bedrock", model: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", region: "eu-central-1" })
    expect(second).toMatchObject({ model: "anthropic.claude-sonnet-4-5-20250929-v1:0", region: "us-west-2" })
    expect(config.providers["bedrock"]?.settings).toMatchObject({
      accessKeyId: { origin: "env TEAM_ACCESS_KEY_ID" },
      secretAccessKey: { origin: "env AWS_SECRET_ACCESS_KEY_2" },
    })
    const assumed = config.providers[second?.provider ?? ""]?.settings
    expect(assumed).toMatchObject({ roleArn: "arn:aws:iam::1:role/x", externalId: "value-of-EXTERNAL" })
    expect(assumed).not.toHaveProperty("accessKeyId")
    expect(config.models["nova"]?.deployments[0]).toMatchObject({ region: "value-of-BEDROCK_REGION" })
    expect(config.models["titan"]?.deployments[0]).toMatchObject({ provider: "bedrock", does: { embeddings: true } })
    expect(whysOf(report.leftOut, "model_list[1].litellm_params.aws_sts_endpoint")).toHaveLength(1)
  })

  it("Vertex has its project, its location, and the account as a file or a variable", async () => {
    const { config } = await loaded("clouds")
    const settingsOf = (model: string): unknown => config.providers[config.models[model]?.deployments[0]?.provider ?? ""]?.settings
    expect(settingsOf("flash")).toMatchObject({
      project: "my-project",
      location: "europe-west1",
      credentials: { origin: expect.stringContaining("file") as string },
    })
    expect(settingsOf("claude-on-vertex")).toMatchObject({
      project: "value-of-PROJECT",
      location: "global",
      credentials: { origin: "env VERTEX_CREDENTIALS" },
    })
    expect(settingsOf("gemini-2.5-pro")).toMatchObject({ project: "value-of-VERTEXAI_PROJECT", location: "us-central1" })
  })

  it("Azure has a credential of the list, its v1 API where no version is dated, and Responses", async () => {
    const { config, report } = await loaded("clouds")
    expect(config.models["gpt-5"]?.deployments[0]).toMatchObject({ provider: "azure", model: "my-gpt-5" })
    expect(config.providers["azure"]).toMatchObject({
      baseUrl: "https://sweden.openai.azure.com",
      settings: {},
      apiKey: { origin: "env AZURE_SWEDEN_KEY" },
    })
    expect(config.models["codex"]?.deployments[0]).toMatchObject({ provider: "azure", model: "codex", dialect: "responses" })
    const entra = config.providers[config.models["entra"]?.deployments[0]?.provider ?? ""]
    expect(entra).toMatchObject({
      apiKey: null,
      settings: { tenantId: "value-of-TENANT", clientId: "x", clientSecret: { origin: "env AZURE_CLIENT_SECRET" } },
    })
    expect(whysOf(report.leftOut, "model_list[9].litellm_params.azure_scope")).toEqual([expect.stringContaining("tokens are fetched here")])
  })

  it("what nobody speaks here is left out as a whole, with a way out", async () => {
    const { config, report } = await loaded("clouds")
    expect(config.models).not.toHaveProperty("llama")
    expect(config.models).not.toHaveProperty("sage")
    expect(report.leftOut.filter(({ paths }) => paths.some((path) => /^model_list\[1[01]\]/.test(path)))).toMatchObject([
      { paths: ["model_list[10].litellm_params.model"], instead: expect.stringContaining("AI SDK") as string },
      { paths: ["model_list[11].litellm_params.model"] },
    ])
  })
})

describe("servers of one's own", () => {
  it("have their addresses as each type wants them", async () => {
    const { config } = await loaded("servers")
    const providerOf = (model: string): unknown => config.providers[config.models[model]?.deployments[0]?.provider ?? ""]
    expect(providerOf("llama3")).toMatchObject({ type: "ollama", baseUrl: "http://ollama:11434/v1", apiKey: null })
    expect(providerOf("qwen")).toMatchObject({ type: "vllm", baseUrl: "http://vllm-1:8000/v1" })
    expect(providerOf("opt")).toMatchObject({ type: "openai-compatible", baseUrl: "http://0.0.0.0:4000/v1", apiKey: null })
    expect(providerOf("tgi")).toMatchObject({ type: "tgi", baseUrl: "http://tgi:3000/v1" })
    expect(providerOf("sonar")).toMatchObject({
      type: "openai-compatible",
      baseUrl: "https://api.perplexity.ai",
      apiKey: { origin: "env PERPLEXITYAI_API_KEY" },
    })
    expect(providerOf("tog")).toMatchObject({ type: "together", apiKey: { origin: "env TOGETHERAI_API_KEY" } })
    expect(config.models["qwen"]?.deployments.map(({ weight }) => weight)).toEqual([3, 1])
  })

  it("have their headers, secret ones by reference", async () => {
    const { config } = await loaded("servers")
    expect(config.providers["llm"]).toMatchObject({
      type: "openai-compatible",
      baseUrl: "https://llm.example.com/v1",
      apiKey: { origin: "env LLM_API_KEY" },
      headers: {
        "x-team": expect.any(Secret) as Secret,
        "x-api-token": { origin: "env HEADER_X_API_TOKEN" },
        "x-tenant": { origin: "env TENANT" },
      },
    })
  })

  it("name models as each provider does", async () => {
    const { config } = await loaded("servers")
    const modelOf = (name: string): string | undefined => config.models[name]?.deployments[0]?.model
    expect([modelOf("routed"), modelOf("fw"), modelOf("opt"), modelOf("claude-*")]).toEqual([
      "deepseek-ai/DeepSeek-V3:together",
      "accounts/fireworks/models/llama-v3p1-8b-instruct",
      "facebook/opt-125m",
      "claude-*",
    ])
    expect(config.models["fw"]?.deployments[0]?.price).toMatchObject({ inputPerMillionUsd: 0.2, outputPerMillionUsd: 0.2 })
  })

  it("say of each that cannot be had why", async () => {
    const { config, report } = await loaded("servers")
    expect(config.discovery).toBe(true)
    const left = [13, 14, 15, 16, 17, 19].map((index) => whysOf(report.leftOut, `model_list[${index}]`))
    expect(left).toMatchObject([
      [expect.stringContaining("one * at most")],
      [expect.stringContaining('"with space" is none here')],
      [expect.stringContaining("not an http(s) address")],
      [expect.stringContaining('"replicate" is not known')],
      [expect.stringContaining("a user and a password")],
      [expect.stringContaining("images of this provider are not asked for")],
    ])
    expect(whysOf(report.differs, "model_list[18].model_name")).toEqual([expect.stringContaining("discovery is on")])
  })
})

describe("guardrails, budgets and prices", () => {
  it("masking and blocking become two guards, moderation asks its model, and opt-in is a tag", async () => {
    const { config } = await loaded("guarded")
    expect(config.guards).toMatchObject([
      { type: "redact", name: "pii-block", on: ["request"], action: "block", entities: ["card"], restore: true },
      { type: "redact", name: "pii-redact", action: "redact", entities: ["email"] },
      { type: "moderate", name: "moderation", on: ["request", "answer"], model: "omni-moderation-latest", when: { tags: ["moderation"] } },
      {
        type: "redact",
        name: "house-rules-redact",
        on: ["answer"],
        entities: ["email"],
      },
      {
        name: "house-rules-block",
        action: "block",
        entities: [],
        patterns: [
          { kind: "project_code", regex: String.raw`\bPROJECT-\d{6}\b` },
          { kind: "keyword", regex: String.raw`top \$\{secret\}`, ignoreCase: true },
        ],
      },
      { name: "keys", entities: ["secret"] },
    ])
    expect(config.models["omni-moderation-latest"]?.deployments[0]).toMatchObject({ provider: "openai", does: { moderation: true } })
  })

  it("says what its own redactor does not find, what needs code, and what is no expression here", async () => {
    const { report } = await loaded("guarded")
    expect(whysOf(report.leftOut, "guardrails[0].litellm_params.pii_entities_config.PERSON")).toHaveLength(1)
    expect(whysOf(report.leftOut, "guardrails[2].litellm_params.patterns[1]")).toEqual([expect.stringContaining('"us_ssn"')])
    expect(whysOf(report.leftOut, "guardrails[2].litellm_params.patterns[3]")).toEqual([
      expect.stringContaining("no expression of JavaScript"),
    ])
    expect(whysOf(report.leftOut, "guardrails[4].litellm_params.guardrail")).toEqual([expect.stringContaining('"lakera_v2"')])
    expect(whysOf(report.leftOut, "guardrails[5].litellm_params.mode")).toEqual([expect.stringContaining("never logged")])
  })

  it("budgets of tags, end users, providers and deployments come along where there is such a window", async () => {
    const { config, report } = await loaded("guarded")
    expect(config.budgets).toMatchObject([
      { for: { user: "*" }, per: "total", usd: 0.5 },
      { for: { tag: "product:chat" }, per: "month", usd: 100 },
      { for: { provider: "openai" }, per: "day", usd: 100 },
      { for: { deployment: "openai/gpt-4o" }, per: "day", usd: 10 },
    ])
    expect(whysOf(report.leftOut, "litellm_settings.tag_budget_config.product:old")).toEqual([expect.stringContaining("12d")])
    expect(whysOf(report.leftOut, "router_settings.provider_budget_config")).toEqual([])
  })

  it("a budget of a provider with several accounts is one for all of them, and what cannot have one is said", async () => {
    const { config, report } = await loadedText(`
model_list:
  - { model_name: a, litellm_params: { model: openai/gpt-4o, api_key: os.environ/KEY_A, max_budget: 5, budget_duration: 1d } }
  - { model_name: b, litellm_params: { model: openai/gpt-4o, api_key: os.environ/KEY_B, max_budget: 6, budget_duration: 1d } }
  - { model_name: c, litellm_params: { model: openai/gpt-4o, api_key: os.environ/KEY_A, max_budget: 7 } }
  - { model_name: "d-*", litellm_params: { model: "openai/*", api_key: os.environ/KEY_A, max_budget: 8 } }
router_settings:
  provider_budget_config:
    openai: { budget_limit: 100, time_period: 1d }
    anthropic: { budget_limit: 100, time_period: 1d }
`)
    expect(config.budgets).toMatchObject([
      { for: { provider: ["openai", "openai-key-b"] }, per: "day", usd: 100 },
      { for: { deployment: "openai/gpt-4o" }, per: "day", usd: 5 },
      { for: { deployment: "openai-key-b/gpt-4o" }, per: "day", usd: 6 },
    ])
    expect(whysOf(report.leftOut, "router_settings.provider_budget_config.anthropic")).toEqual([
      expect.stringContaining("no model of the list"),
    ])
    expect(whysOf(report.leftOut, "model_list[2].litellm_params.max_budget")).toEqual([expect.stringContaining("another entry")])
    expect(whysOf(report.leftOut, "model_list[3].litellm_params.max_budget")).toEqual([expect.stringContaining("a pattern")])
  })

  it("budgets of two of LiteLLM's words for one provider are two limits of it", async () => {
    const { config } = await loadedText(`
model_list:
  - { model_name: a, litellm_params: { model: ollama/llama3 } }
  - { model_name: b, litellm_params: { model: ollama_chat/llama3 } }
router_settings:
  provider_budget_config:
    ollama: { budget_limit: 1, time_period: 1d }
    ollama_chat: { budget_limit: 2, time_period: 1d }
`)
    expect(config.budgets).toMatchObject([
      { name: "litellm-provider-1", for: { provider: "ollama" }, usd: 1 },
      { name: "litellm-provider-2", for: { provider: "ollama" }, usd: 2 },
    ])
  })

  it("prices come along per million, above a bound too, and per search", async () => {
    const { config } = await loaded("guarded")
    expect(config.models["long-prices"]?.deployments[0]?.price).toMatchObject({
      inputPerMillionUsd: 3,
      outputPerMillionUsd: 15,
      cachedInputPerMillionUsd: 0.3,
      cacheWritePerMillionUsd: 3.75,
      above: { inputTokens: 200_000, inputPerMillionUsd: 6, outputPerMillionUsd: 22.5 },
    })
    expect(config.models["rerank"]?.deployments[0]).toMatchObject({ does: { rerank: true }, price: { perThousandSearchesUsd: 2 } })
  })

  it("models for what a filter refuses come along, and what holds for every entry that does not say it", async () => {
    const { config } = await loaded("guarded")
    expect(config.models["gpt-4o"]?.contentFallbacks).toEqual(["long-prices"])
    expect(config.models["long-prices"]?.deployments[0]).toMatchObject({ limits: { concurrent: 7 }, tags: ["shared"] })
  })

  it("a semantic cache is one, and there is a number of retries for each failure", async () => {
    const { config, report } = await loaded("guarded")
    expect(config.models["gpt-4o"]?.cache).toMatchObject({ mode: "semantic", similarityMin: 0.8 })
    const counts = { connection: 1, stream: 1, server: 1, timeout: 2, rate_limit: 4, quota: 4 }
    expect(config.models["gpt-4o"]?.deployments[0]?.retry).toEqual({ counts })
    expect(config.models["rerank"]?.deployments[0]?.retry).toEqual({ counts: { ...counts, timeout: 0 } })
    expect(config.models["long-prices"]?.deployments[0]?.retry).toEqual({ attempts: 3 })
    expect(config.limits.attemptsMax).toBe(9)
    expect(whysOf(report.leftOut, "router_settings.model_group_retry_policy.rerank.ContentPolicyViolationErrorRetries")).toHaveLength(1)
    expect(whysOf(report.leftOut, "litellm_settings.something_from_next_year")).toEqual(["this import does not know it"])
  })
})

describe("the command", () => {
  it("writes a file that is not there, leaves one that is, and writes over it when forced", async () => {
    const out = join(directory, "new.yaml")
    const first = await imported(join(examples, "team.yaml"), "--out", out)
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: "" })
    expect(first.out).toContain(`${out}: 8 models, `)
    expect(first.out).toContain("GROQ_API_KEY  the secret that stands in model_list[4].litellm_params.api_key")
    expect(first.out).toContain(`next:  perdure config check --config ${out}`)
    writeFileSync(out, "mine")
    const second = await imported(join(examples, "team.yaml"), "--out", out)
    expect({ code: second.code, kept: readFileSync(out, "utf8") }).toEqual({ code: 1, kept: "mine" })
    expect(second.err).toContain("--force")
    expect((await imported(join(examples, "team.yaml"), "--out", out, "--force")).code).toBe(0)
    expect(parse(readFileSync(out, "utf8"))).toHaveProperty("models")
  })

  it("prints the configuration on stdout and the report beside it", async () => {
    const { code, out, err } = await imported(join(examples, "team.yaml"))
    expect(code).toBe(0)
    expect(parse(out)).toHaveProperty("models.fast")
    expect(err).toContain("Left out:\n")
    expect(err).toContain("Translated, and not quite the same:\n")
  })

  it("fails with a code of its own when it is strict and something is left out", async () => {
    expect((await imported(join(examples, "team.yaml"), "--strict")).code).toBe(6)
    const plain = join(directory, "plain.yaml")
    writeFileSync(plain, "model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY } }]\n")
    expect((await imported(plain, "--strict")).code).toBe(0)
  })

  it("takes whatever stands where something else should, and gives a configuration that loads", async () => {
    const [path, out] = [join(directory, "odd.yaml"), join(directory, "odd.perdure.yaml")]
    writeFileSync(path, oddFile)
    const { code, err } = await imported(path, "--out", out)
    expect({ code, err }).toEqual({ code: 0, err: "" })
    const env = { OPENAI_API_KEY: "a", AWS_ACCESS_KEY_ID: "b", AWS_SECRET_ACCESS_KEY: "c" }
    expect(Object.keys((await loadConfig({ cwd: directory, configPath: out, env })).config.models)).toEqual(["a", "f"])
  })

  it("reads the files that are included, from where the file lies", async () => {
    const main = join(directory, "parent.yaml")
    writeFileSync(main, "include: [child.yaml]\nmodel_list: [{ model_name: a, litellm_params: { model: openai/gpt-4o } }]\n")
    writeFileSync(
      join(directory, "child.yaml"),
      "model_list: [{ model_name: b, litellm_params: { model: groq/x } }]\nrouter_settings: { num_retries: 2 }\n",
    )
    expect(translated(readLiteLlm(main)).config).toMatchObject({ models: { a: {}, b: {} }, limits: { sameDeploymentRetriesMax: 2 } })
  })

  it.each([
    ["a file that is not there", undefined, "ENOENT"],
    ["what is no YAML", "model_list: [", "not valid YAML"],
    ["what is no map", "- 1", "not a map"],
    ["a file without a model", "general_settings: {}", "no model that could be translated"],
    ["an include that is not there", "include: [nowhere.yaml]", "ENOENT"],
  ])("refuses %s with the exit code of a wrong configuration", async (_, text, expected) => {
    const path = join(directory, "wrong.yaml")
    rmSync(path, { force: true })
    if (text !== undefined) writeFileSync(path, text)
    const { code, err } = await imported(path)
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining(expected) as string })
  })

  it("shows no line of a file that it cannot read: a key may stand there", async () => {
    const path = join(directory, "broken.yaml")
    writeFileSync(path, "model_list:\n  - api_key: literal-secret-in-a-broken-file\n   b: 1\n")
    const { err } = await imported(path)
    expect(err).toContain("not valid YAML")
    expect(err).not.toContain("literal-secret")
  })
})

const oddFile = `
model_list:
  - model_name: a
    litellm_params: { model: openai/gpt-4o, api_key: "", tags: eu, rpm: "60", timeout: os.environ/T, order: null }
  - model_name: 5
    litellm_params: { model: openai/x }
  - nonsense
  - { model_name: b }
  - { model_name: c, litellm_params: { model: 7 } }
  - { model_name: d, litellm_params: [1] }
  - { model_name: e, litellm_params: { model: "openai/gpt-4o", api_base: 7 }, model_info: [] }
  - { model_name: f, litellm_params: { model: bedrock/x, extra_headers: "x" } }
router_settings: []
litellm_settings: { fallbacks: {a: [b]}, default_fallbacks: a, cache_params: yes, cache: yes, max_budget: -1, tag_budget_config: 3 }
general_settings: null
guardrails: [ 3, {}, { guardrail_name: x, litellm_params: { guardrail: presidio, mode: { tags: {}, default: pre_call } } } ]
credential_list: nope
`

describe("parameters of requests", () => {
  it("come along as parameters of the deployment, by the names that OpenAI has", async () => {
    const { config, report } = await loaded("parameters")
    const [local] = config.models["local"]?.deployments ?? []
    expect(local?.parameters).toEqual({
      defaults: { temperature: 0.2, max_tokens: 4000, min_p: 0.05, chat_template_kwargs: { enable_thinking: false }, top_k: 20 },
      overrides: {},
      dropped: ["logit_bias", "response_format"],
    })
    const [claude] = config.models["claude"]?.deployments ?? []
    expect(claude?.parameters?.defaults).toEqual({ thinking: { type: "enabled", budget_tokens: 2048 }, max_tokens: 8000 })
    expect(config.models["team"]?.deployments[0]?.parameters?.defaults).toEqual({ metadata: { team: "value-of-TEAM_NAME" } })
    expect(config.models["quiet"]?.deployments[0]?.parameters).toMatchObject({ defaults: {}, dropped: ["temperature"] })
    expect(report.environment.map(({ name }) => name)).toContain("TEAM_NAME")
  })

  it("are said of where they do not, each with the reason", async () => {
    const { report } = await loaded("parameters")
    for (const [path, why] of [
      ["model_list[0].litellm_params.n", "cannot be set for all requests"],
      ["model_list[0].litellm_params.additional_drop_params", "is a path"],
      ["model_list[1].litellm_params.min_p", "requests to anthropic have no such parameter"],
      ["model_list[0].litellm_params.extra_body.api_key", "no secret stands in parameters"],
      ["model_list[1].litellm_params.top_p", "it is not a number from 0 to 1"],
    ] as const)
      expect(whysOf(report.leftOut, path).join()).toContain(why)
    expect(whysOf(report.differs, "model_list[2].litellm_params.keep_alive").join()).toContain("its own API alone")
    expect(whysOf(report.notNeeded, "model_list[0].litellm_params.drop_params")).toHaveLength(1)
    expect(whysOf(report.notNeeded, "model_list[0].litellm_params.allowed_openai_params")).toHaveLength(1)
  })
})

describe("hosts that speak as others do", () => {
  it("are asked where LiteLLM asks them, whose addresses it completes", async () => {
    const { config } = await loaded("hosts")
    const placeOf = (name: string) => {
      const [deployment] = config.models[name]?.deployments ?? []
      const { type, baseUrl } = config.providers[deployment?.provider ?? ""] ?? {}
      return { type, baseUrl, model: deployment?.model }
    }
    expect(placeOf("proxied")).toEqual({ type: "anthropic", baseUrl: "https://claude.internal.example/v1", model: "claude-haiku-4-5" })
    expect(placeOf("deepseek-as-claude")).toMatchObject({ type: "anthropic", baseUrl: "https://api.deepseek.com/anthropic/v1" })
    expect(placeOf("minimax")).toMatchObject({ type: "openai-compatible", baseUrl: "https://api.minimax.io/v1" })
    expect(placeOf("minimax-messages")).toMatchObject({ type: "anthropic", baseUrl: "https://api.minimax.io/anthropic/v1" })
    expect(placeOf("glm")).toMatchObject({ type: "openai-compatible", baseUrl: "https://api.z.ai/api/paas/v4", model: "glm-5" })
    expect(placeOf("gateway")).toMatchObject({ baseUrl: "https://ai-gateway.vercel.sh/v1", model: "openai/gpt-5.6-terra" })
    expect(config.providers["scaleway"]).toMatchObject({ apiKey: { origin: "env SCW_SECRET_KEY" } })
  })

  it("have cache marks where their provider sets them for a whole request, and need none where it keeps by itself", async () => {
    const { config, report } = await loaded("hosts")
    const marks = "litellm_params.cache_control_injection_points"
    const [claude, gpt] = config.models["support"]?.deployments ?? []
    expect(claude?.parameters?.defaults).toEqual({ cache_control: { type: "ephemeral", ttl: "1h" } })
    expect(whysOf(report.differs, `model_list[0].${marks}`)).toEqual([expect.stringContaining("at the end of each request")])
    expect(gpt?.parameters ?? null).toBeNull()
    expect(whysOf(report.notNeeded, `model_list[1].${marks}`)).toHaveLength(1)
    expect(whysOf(report.leftOut, `model_list[2].${marks}`)).toEqual([expect.stringContaining("the application's")])
  })

  it("say what is never turned off, what is charged, and what nobody has to set", async () => {
    const { report } = await loaded("hosts")
    for (const path of ["litellm_settings.ssl_verify", "model_list[7].litellm_params.ssl_verify"])
      expect(whysOf(report.leftOut, path)).toEqual(["certificates of providers are always verified"])
    expect(whysOf(report.leftOut, "litellm_settings.cost_margin_config").join()).toContain("without discounts and margins")
    expect(whysOf(report.leftOut, "litellm_settings.budget_reset_time").join()).toContain("UTC")
    for (const name of ["turn_off_message_logging", "telemetry"])
      expect(whysOf(report.notNeeded, `litellm_settings.${name}`)).toHaveLength(1)
  })
})
