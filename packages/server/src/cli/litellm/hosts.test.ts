// Where LiteLLM's models are served: clouds, servers of one's own, and hosts that speak as others do.
import { describe, expect, it } from "vitest"
import { Secret } from "../../config/index.ts"
import { liteLlmImports, whysOf } from "../../testing/litellm-imports.ts"

const { loaded } = liteLlmImports()

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
