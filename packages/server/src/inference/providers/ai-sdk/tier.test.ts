// How real AI SDK packages tell that a call was served, and what their deployments hold of budgets.
import { afterAll, describe, expect, it } from "vitest"
import { defaultLimits, newId } from "../../../core/index.ts"
import { startFakeProvider, type FakeScript } from "../../../testing/fake-provider.ts"
import { tierConfigured } from "../../parameters/index.ts"
import type { Deployment, Model, ModelUsage } from "../../types.ts"
import { callOf } from "../golden.fixtures.ts"
import { createAiSdkModel } from "./model.ts"

const provider = await startFakeProvider()
afterAll(() => provider[Symbol.asyncDispose]())

type ProviderOptions = Record<string, Record<string, string>>

function deployment(packageName: string, upstreamModel: string, providerOptions?: ProviderOptions): Deployment {
  return {
    id: "mine/m",
    provider: "ai-sdk",
    dialect: "ai-sdk",
    baseUrl: provider.url,
    apiKey: "sk-upstream-secret",
    upstreamModel,
    does: { chat: true, embeddings: false },
    contextTokensMax: null,
    settings: { package: packageName },
    ...(providerOptions ? { parameters: { defaults: { providerOptions }, overrides: {}, dropped: [] } } : {}),
    origin: "perdure.yaml:7",
  }
}

async function usageOf(of: Deployment, script: FakeScript, asked?: string): Promise<ModelUsage | undefined> {
  provider.next(script)
  const model = createAiSdkModel({ deployment: of, applicationFolder: import.meta.dirname, limits: defaultLimits, newId })
  const hints = { verbosity: null, reasoningSummary: null, cacheKey: null, serviceTier: asked ?? null }
  const call = { ...callOf(), ...(asked === undefined ? {} : { hints }), ...(of.parameters ? { own: of.parameters } : {}) }
  let usage: ModelUsage | undefined
  for await (const event of model.chat!(call, new AbortController().signal)) if (event.type === "finished") usage = event.usage
  return usage
}

/** Anthropic's stream, with these words in its usage at the beginning and at the end. */
function messageWith(usage: Record<string, unknown>, atEnd: Record<string, unknown> = {}): FakeScript {
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-opus-4-6", content: [], stop_reason: null }
  const frames = [
    { type: "message_start", message: { ...message, usage } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 5, ...atEnd } },
    { type: "message_stop" },
  ]
  const body = frames.map((frame) => `event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`)
  return { raw: { status: 200, headers: { "content-type": "text/event-stream" }, body } }
}

describe("the tier of @ai-sdk/openai", () => {
  it("is the one that its answer names, whatever was asked for", async () => {
    const flex = deployment("@ai-sdk/openai", "gpt-5", { openai: { serviceTier: "flex" } })
    expect(await usageOf(flex, { serviceTier: "flex" })).toMatchObject({ serviceTier: "flex" })
    expect(provider.last?.body).toMatchObject({ service_tier: "flex" })
    expect(await usageOf(flex, { serviceTier: "default" })).toMatchObject({ serviceTier: "default" })
    expect(await usageOf(deployment("@ai-sdk/openai", "gpt-5"), { serviceTier: "priority" })).toMatchObject({ serviceTier: "priority" })
  })

  it("is asked for where the client asks for it, and the configuration has no other word", async () => {
    const plain = deployment("@ai-sdk/openai", "gpt-5")
    expect(await usageOf(plain, { serviceTier: "flex" }, "flex")).toMatchObject({ serviceTier: "flex" })
    expect(provider.last?.body).toMatchObject({ service_tier: "flex" })
    expect(await usageOf(plain, { serviceTier: "default" }, "priority")).toMatchObject({ serviceTier: "default" })
    expect(provider.last?.body).toMatchObject({ service_tier: "priority" })
    for (const word of ["auto", "scale"]) {
      await usageOf(plain, {}, word)
      expect(provider.last?.body).not.toHaveProperty("service_tier")
    }
    const options = { openai: { serviceTier: "flex" } }
    const forced = { ...plain, parameters: { defaults: {}, overrides: { providerOptions: options }, dropped: [] } }
    await usageOf(forced, {}, "priority")
    expect(provider.last?.body).toMatchObject({ service_tier: "flex" })
    await usageOf({ ...plain, parameters: { defaults: {}, overrides: {}, dropped: ["service_tier"] } }, {}, "priority")
    expect(provider.last?.body).not.toHaveProperty("service_tier")
  })

  it("has the word that prices have, where OpenAI has two for it", async () => {
    expect(await usageOf(deployment("@ai-sdk/openai", "gpt-5"), { serviceTier: "fast" })).toMatchObject({ serviceTier: "priority" })
  })
})

describe("a package that tells no tier", () => {
  it("is not sent the client's, which it would not know", async () => {
    expect(await usageOf(deployment("@ai-sdk/openai-compatible", "m"), {}, "flex")).not.toHaveProperty("serviceTier")
    expect(provider.last?.text).not.toContain("flex")
  })

  it("was served as its options ask, those for other packages left aside", async () => {
    const options = { mine: { serviceTier: "flex" }, anthropic: { speed: "fast" } }
    expect(await usageOf(deployment("@ai-sdk/openai-compatible", "m", options), {})).toMatchObject({ serviceTier: "flex" })
    expect(await usageOf(deployment("@ai-sdk/openai-compatible", "m"), {})).not.toHaveProperty("serviceTier")
  })
})

describe("what @ai-sdk/anthropic says of usage", () => {
  const claude = deployment("@ai-sdk/anthropic", "claude-opus-4-6")
  const usage = { input_tokens: 10, output_tokens: 1, service_tier: "standard" }

  it("has fast mode, the region and calls of hosted tools", async () => {
    const told = messageWith({ ...usage, inference_geo: "us" }, { speed: "fast", server_tool_use: { web_search_requests: 2 } })
    expect(await usageOf(claude, told)).toMatchObject({ serviceTier: "fast", servedIn: "us", toolCalls: { web_search: 2 } })
    expect(await usageOf(claude, messageWith({ ...usage, inference_geo: "global" }))).toEqual({
      inputTokens: 10,
      outputTokens: 5,
      cachedTokens: 0,
      reasoningTokens: 0,
      serviceTier: "default",
      estimated: false,
    })
    expect(await usageOf(claude, messageWith({ ...usage, service_tier: "priority" }))).toMatchObject({ serviceTier: "priority" })
  })

  it("has what was written to the cache for an hour, which costs more", async () => {
    const written = { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 70 }
    const told = messageWith({ ...usage, cache_creation_input_tokens: 100, cache_read_input_tokens: 0, cache_creation: written })
    expect(await usageOf(claude, told)).toMatchObject({ inputTokens: 110, cacheWriteTokens: 100, cacheWriteLongTokens: 70 })
  })
})

describe("what is held of budgets", () => {
  const modelWith = (providerOptions: ProviderOptions): Model => ({
    name: "m",
    createdAt: 0,
    ownedBy: "perdure",
    deployments: [deployment("@ai-sdk/openai", "gpt-5", providerOptions)],
  })

  it("is the price of the tier that the configured options ask for, where it is dearer", () => {
    expect(tierConfigured(modelWith({ openai: { serviceTier: "priority" } }))).toBe("priority")
    expect(tierConfigured(modelWith({ anthropic: { speed: "fast" } }))).toBe("fast")
    expect(tierConfigured(modelWith({ openai: { serviceTier: "flex" } }))).toBeUndefined()
  })
})
