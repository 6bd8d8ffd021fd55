// A team's gateway of LiteLLM: its models, fallbacks, limits, secrets, and what is said of the rest.
import { describe, expect, it } from "vitest"
import { Secret } from "../../config/index.ts"
import { liteLlmImports, whysOf } from "../../testing/litellm-imports.ts"

const { loaded } = liteLlmImports()

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
