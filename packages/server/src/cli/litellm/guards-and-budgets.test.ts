// LiteLLM's guardrails, budgets, prices, caches and retries.
import { describe, expect, it } from "vitest"
import { liteLlmImports, whysOf } from "../../testing/litellm-imports.ts"

const { loaded, loadedText } = liteLlmImports()

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
