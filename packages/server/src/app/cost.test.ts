// What answers of providers cost, from their own usage blocks: those that count cached input within it and those that count it beside it.
import { describe, expect, it } from "vitest"
import { costOf, createPrices, type Cost } from "../accounting/index.ts"
import { newId, type JsonObject } from "../core/index.ts"
import { dialectOf, knownModels, noUsage, providerDeployment, realtimeUsage, type Deployment } from "../inference/index.ts"

const prices = createPrices({ configured: new Map() })

const answers = {
  chat: {
    object: "chat.completion",
    id: "c",
    choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  },
  messages: { type: "message", id: "m", role: "assistant", content: [{ type: "text", text: "hi" }], stop_reason: "end_turn" },
  gemini: { candidates: [{ index: 0, content: { role: "model", parts: [{ text: "hi" }] }, finishReason: "STOP" }] },
  converse: { output: { message: { role: "assistant", content: [{ text: "hi" }] } }, stopReason: "end_turn" },
  cohere: { id: "c", message: { role: "assistant", content: [{ type: "text", text: "hi" }] }, finish_reason: "COMPLETE" },
}

function deploymentOf(provider: string, upstreamModel: string, dialect?: "responses"): Deployment {
  return providerDeployment({
    id: `${provider}/${upstreamModel}`,
    provider,
    upstreamModel,
    baseUrl: "http://127.0.0.1",
    apiKey: null,
    does: { chat: true, embeddings: false },
    contextTokensMax: null,
    origin: "test",
    ...(dialect ? { dialect } : {}),
  })
}

function costOfAnswer(provider: string, upstreamModel: string, answer: JsonObject): Cost {
  const deployment = deploymentOf(provider, upstreamModel, answer["object"] === "response" ? "responses" : undefined)
  const reader = dialectOf(deployment).openReader({ deployment, newId, inputChars: 100 })
  reader.feedWhole(answer)
  reader.end()
  return costOf(reader.usage, prices.priceOf(deployment))
}

describe("an answer costs", () => {
  it.each<[what: string, provider: string, model: string, answer: JsonObject, microUsd: number]>([
    [
      "OpenAI counts what was cached within the prompt, and thoughts within the completion",
      "openai",
      "gpt-4.1",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 2_006,
          completion_tokens: 300,
          total_tokens: 2_306,
          prompt_tokens_details: { cached_tokens: 1_920, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 256 },
        },
      },
      86 * 2 + 1_920 * 0.5 + 300 * 8,
    ],
    [
      "OpenAI counts what was written to the cache within the prompt, too",
      "openai",
      "gpt-6-sol",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 10_000,
          completion_tokens: 100,
          total_tokens: 10_100,
          prompt_tokens_details: { cached_tokens: 2_000, cache_write_tokens: 6_000 },
        },
      },
      2_000 * 2 + 2_000 * 0.2 + 6_000 * 2.5 + 100 * 10,
    ],
    [
      "Anthropic counts what was cached and written beside the input, for minutes and for an hour",
      "anthropic",
      "claude-sonnet-4-5",
      {
        ...answers.messages,
        usage: {
          input_tokens: 50,
          cache_read_input_tokens: 100_000,
          cache_creation_input_tokens: 248,
          cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
          output_tokens: 503,
        },
      },
      50 * 3 + 100_000 * 0.3 + 148 * 3.75 + 100 * 6 + 503 * 15,
    ],
    [
      "Anthropic's long prompts are long with what was cached",
      "anthropic",
      "claude-sonnet-4-5",
      { ...answers.messages, usage: { input_tokens: 1, cache_read_input_tokens: 200_000, output_tokens: 100 } },
      1 * 6 + 200_000 * 0.6 + 100 * 22.5,
    ],
    [
      "Gemini counts thoughts beside the candidates, and what was cached within the prompt",
      "gemini",
      "gemini-2.5-pro",
      {
        ...answers.gemini,
        usageMetadata: {
          promptTokenCount: 1_000,
          cachedContentTokenCount: 600,
          candidatesTokenCount: 100,
          thoughtsTokenCount: 400,
          totalTokenCount: 1_500,
        },
      },
      400 * 1.25 + 600 * 0.125 + 500 * 10,
    ],
    [
      "Converse counts what was cached and written beside the input",
      "bedrock",
      "us.anthropic.claude-haiku-4-5-20251001-v1:0",
      {
        ...answers.converse,
        usage: { inputTokens: 100, outputTokens: 50, cacheReadInputTokens: 1_000, cacheWriteInputTokens: 400, totalTokens: 1_550 },
      },
      100 * 1.1 + 1_000 * 0.11 + 400 * 1.375 + 50 * 5.5,
    ],
    [
      "DeepSeek tells hits and misses apart",
      "deepseek",
      "deepseek-v4-pro",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 1_000,
          completion_tokens: 100,
          total_tokens: 1_100,
          prompt_cache_hit_tokens: 900,
          prompt_cache_miss_tokens: 100,
        },
      },
      100 * 1.32 + 900 * 0.044 + 100 * 3.96,
    ],
    [
      "xAI counts thoughts beside the completion",
      "xai",
      "grok-4",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 125,
          completion_tokens: 48,
          total_tokens: 273,
          prompt_tokens_details: { cached_tokens: 98 },
          completion_tokens_details: { reasoning_tokens: 100 },
        },
      },
      27 * 3 + 98 * 0.75 + 148 * 15,
    ],
    [
      "Cohere bills other tokens than it processes",
      "cohere",
      "command-a-03-2025",
      {
        ...answers.cohere,
        usage: { billed_units: { input_tokens: 5, output_tokens: 418 }, tokens: { input_tokens: 71, output_tokens: 418 } },
      },
      5 * 2.5 + 418 * 10,
    ],
    [
      "OpenAI's audio is within both",
      "openai",
      "gpt-audio",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 1_100,
          completion_tokens: 520,
          total_tokens: 1_620,
          prompt_tokens_details: { audio_tokens: 1_000 },
          completion_tokens_details: { audio_tokens: 500 },
        },
      },
      100 * 2.5 + 1_000 * 32 + 20 * 10 + 500 * 64,
    ],
    [
      "Responses count as chat completions do, by other names",
      "openai",
      "gpt-4.1",
      {
        object: "response",
        id: "r",
        status: "completed",
        output: [],
        usage: {
          input_tokens: 2_006,
          input_tokens_details: { cached_tokens: 1_920 },
          output_tokens: 300,
          output_tokens_details: { reasoning_tokens: 256 },
          total_tokens: 2_306,
        },
      },
      86 * 2 + 1_920 * 0.5 + 300 * 8,
    ],
    [
      "a response was served in a tier, and searched, computed and read files on the way",
      "openai",
      "gpt-5",
      {
        object: "response",
        id: "r",
        status: "completed",
        service_tier: "flex",
        tools: [{ type: "web_search" }, { type: "code_interpreter", container: { type: "auto", memory_limit: "4g" } }],
        output: [
          { id: "a", type: "web_search_call", status: "completed", action: { type: "search", query: "x" } },
          { id: "b", type: "web_search_call", status: "completed", action: { type: "open_page", url: "https://example.test" } },
          { id: "c", type: "code_interpreter_call", status: "completed", container_id: "cntr_1" },
          { id: "d", type: "code_interpreter_call", status: "completed", container_id: "cntr_1" },
          { id: "e", type: "file_search_call", status: "completed" },
          { id: "f", type: "mcp_call", name: "read" },
        ],
        usage: { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 },
      },
      1_000 * 0.625 + 100 * 5 + 10_000 + 120_000 + 2_500,
    ],
    [
      "a response tells how often it searched",
      "openai",
      "gpt-4.1",
      {
        object: "response",
        id: "r",
        status: "completed",
        tools: [{ type: "web_search_preview" }],
        output: [{ id: "a", type: "web_search_call", status: "completed" }],
        tool_usage: { web_search: { num_requests: 3 } },
        usage: { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 },
      },
      1_000 * 2 + 100 * 8 + 3 * 25_000,
    ],
    [
      "a chat completion was served in a tier",
      "openai",
      "gpt-5",
      { ...answers.chat, service_tier: "flex", usage: { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 } },
      1_000 * 0.625 + 100 * 5,
    ],
    [
      "Anthropic's fast mode searched in the United States",
      "anthropic",
      "claude-opus-5",
      {
        ...answers.messages,
        usage: {
          input_tokens: 1_000,
          output_tokens: 100,
          service_tier: "standard",
          speed: "fast",
          inference_geo: "us",
          server_tool_use: { web_search_requests: 1, web_fetch_requests: 2 },
        },
      },
      (1_000 * 10 + 100 * 50) * 1.1 + 10_000,
    ],
    [
      // platform.claude.com, pricing: $0.05 an hour of a container, five minutes at least.
      "Anthropic ran code in a container, once or more often",
      "anthropic",
      "claude-sonnet-4-5",
      {
        ...answers.messages,
        container: { id: "container_011", expires_at: "2026-11-30T12:00:00Z" },
        usage: { input_tokens: 105, output_tokens: 239, server_tool_use: { web_search_requests: 0, code_execution_requests: 3 } },
      },
      105 * 3 + 239 * 15 + 4_167,
    ],
    [
      "Anthropic's container is paid where the usage does not tell of it",
      "anthropic",
      "claude-sonnet-4-5",
      {
        ...answers.messages,
        container: { id: "container_011", expires_at: "2026-11-30T12:00:00Z" },
        usage: { input_tokens: 105, output_tokens: 239 },
      },
      105 * 3 + 239 * 15 + 4_167,
    ],
    [
      "Gemini was grounded, in its flexible tier",
      "gemini",
      "gemini-3.1-pro-preview",
      {
        candidates: [
          { ...answers.gemini.candidates[0], groundingMetadata: { webSearchQueries: ["a", "b"], groundingChunks: [{ web: {} }] } },
        ],
        usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 100, serviceTier: "flex" },
      },
      1_000 + 100 * 6 + 28_000,
    ],
    [
      "Gemini 2.5 was grounded on Vertex, first of all",
      "vertex",
      "gemini-2.5-flash",
      {
        candidates: [{ ...answers.gemini.candidates[0], groundingMetadata: { webSearchQueries: ["a", "b"] } }],
        usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 100, trafficType: "ON_DEMAND_PRIORITY" },
      },
      (1_000 * 0.3 + 100 * 2.5) * 1.8 + 35_000,
    ],
    [
      "Gemini made a picture",
      "gemini",
      "gemini-2.5-flash-image",
      {
        ...answers.gemini,
        usageMetadata: {
          promptTokenCount: 10,
          candidatesTokenCount: 1_300,
          candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1_290 }],
        },
      },
      10 * 0.3 + 10 * 2.5 + 1_290 * 30,
    ],
    [
      "Groq counts what was cached within the prompt",
      "groq",
      "openai/gpt-oss-120b",
      {
        ...answers.chat,
        usage: {
          queue_time: 0.03,
          prompt_tokens: 4_641,
          completion_tokens: 1_817,
          total_tokens: 6_458,
          prompt_tokens_details: { cached_tokens: 4_608 },
        },
      },
      33 * 0.15 + 4_608 * 0.075 + 1_817 * 0.6,
    ],
    [
      // openrouter.ai/docs, usage accounting: what the account is charged, whichever maker served it.
      "OpenRouter says what it charged",
      "openrouter",
      "openai/gpt-4o",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 94,
          completion_tokens: 540,
          total_tokens: 634,
          cost: 0.002794,
          is_byok: false,
          cost_details: { upstream_inference_cost: 0.002794 },
        },
      },
      2_794,
    ],
    [
      "OpenRouter says it of a model without a listed price, too, and that one is free",
      "openrouter",
      "tencent/hy3:free",
      { ...answers.chat, usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18, cost: 0, is_byok: false } },
      0,
    ],
    [
      "OpenRouter charges a fee beside what the maker charges for a call by one's own key",
      "openrouter",
      "openai/gpt-4o",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 100,
          completion_tokens: 10,
          total_tokens: 110,
          cost: 0.00005,
          is_byok: true,
          cost_details: { upstream_inference_cost: 0.001 },
        },
      },
      1_050,
    ],
    [
      // docs.x.ai, cost tracking: 37,756,000 ticks are $0.0038.
      "xAI says what it charged, with its searches",
      "xai",
      "grok-4",
      {
        ...answers.chat,
        usage: { prompt_tokens: 199, completion_tokens: 9, total_tokens: 208, num_sources_used: 4, cost_in_usd_ticks: 37_756_000 },
      },
      3_776,
    ],
    [
      "xAI says it in a response, too",
      "xai",
      "grok-4.3",
      {
        object: "response",
        status: "completed",
        output: [{ type: "custom_tool_call", call_id: "x", name: "x_keyword_search", status: "completed" }],
        usage: { input_tokens: 21_365, output_tokens: 3_646, total_tokens: 25_011, cost_in_usd_ticks: 648_004_500 },
      },
      64_800,
    ],
    [
      "Perplexity says what it charged, with its fee of the request",
      "openai-compatible",
      "sonar-pro",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 26,
          completion_tokens: 832,
          total_tokens: 858,
          search_context_size: "low",
          cost: { input_tokens_cost: 0.00008, output_tokens_cost: 0.01248, request_cost: 0.006, total_cost: 0.01856 },
        },
      },
      18_560,
    ],
    [
      "a nought that nothing stands behind is no price",
      "openai-compatible",
      "gpt-4o",
      { ...answers.chat, usage: { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100, cost: 0 } },
      1_000 * 2.5 + 100 * 10,
    ],
    [
      "Mistral names what was cached otherwise",
      "mistral",
      "mistral-large-2512",
      { ...answers.chat, usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010, num_cached_tokens: 900 } },
      100 * 0.5 + 900 * 0.05 + 10 * 1.5,
    ],
    [
      "Fireworks counts what was cached within the prompt",
      "fireworks",
      "accounts/fireworks/models/glm-5p1",
      {
        ...answers.chat,
        usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010, prompt_tokens_details: { cached_tokens: 800 } },
      },
      200 * 1.4 + 800 * 0.26 + 10 * 4.4,
    ],
    [
      "OpenRouter counts Anthropic's cache as OpenAI counts its own",
      "openrouter",
      "anthropic/claude-sonnet-4.5",
      {
        ...answers.chat,
        usage: {
          prompt_tokens: 1_000,
          completion_tokens: 10,
          total_tokens: 1_010,
          prompt_tokens_details: { cached_tokens: 600, cache_write_tokens: 300 },
        },
      },
      100 * 3 + 600 * 0.3 + 300 * 3.75 + 10 * 15,
    ],
    [
      "Claude on Vertex counts as Anthropic does",
      "vertex",
      "claude-haiku-4-5@20251001",
      {
        ...answers.messages,
        usage: { input_tokens: 50, cache_read_input_tokens: 1_000, cache_creation_input_tokens: 200, output_tokens: 5 },
      },
      50 * 1 + 1_000 * 0.1 + 200 * 1.25 + 5 * 5,
    ],
    [
      "Azure counts as OpenAI does",
      "azure",
      "gpt-4o",
      {
        ...answers.chat,
        usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010, prompt_tokens_details: { cached_tokens: 512 } },
      },
      488 * 2.5 + 512 * 1.25 + 10 * 10,
    ],
    [
      "Together reports no cache",
      "together",
      "meta-llama/Llama-3.3-70B-Instruct-Turbo",
      { ...answers.chat, usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 } },
      1_010 * 0.88,
    ],
  ])("what it should where %s", (_what, provider, model, answer, microUsd) => {
    expect(costOfAnswer(provider, model, answer)).toEqual({ costMicroUsd: Math.round(microUsd), costKnown: true })
  })

  it("what was heard, seen and read from the cache at their own prices, where a session tells them apart", () => {
    const usage = realtimeUsage({
      input_tokens: 1_000,
      output_tokens: 100,
      input_token_details: {
        text_tokens: 100,
        audio_tokens: 600,
        image_tokens: 300,
        cached_tokens: 500,
        cached_tokens_details: { text_tokens: 50, audio_tokens: 400, image_tokens: 50 },
      },
      output_token_details: { text_tokens: 20, audio_tokens: 80 },
    })
    const heard = 200 * 10 + 400 * 0.3
    const seen = 250 * 0.8 + 50 * 0.08
    const cost = costOf(usage ?? noUsage, prices.priceOf(deploymentOf("openai", "gpt-realtime-mini")))
    expect(cost).toEqual({ costMicroUsd: Math.round(50 * 0.6 + 50 * 0.06 + heard + seen + 20 * 2.4 + 80 * 20), costKnown: true })
  })

  it("the last report of a stream, not the sum of all: Anthropic's is cumulative", () => {
    const deployment = deploymentOf("anthropic", "claude-sonnet-4-5")
    const reader = dialectOf(deployment).openReader({ deployment, newId, inputChars: 100 })
    const input = { input_tokens: 25, cache_read_input_tokens: 1_000, cache_creation_input_tokens: 0 }
    const events: JsonObject[] = [
      { type: "message_start", message: { ...answers.messages, content: [], stop_reason: null, usage: { ...input, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "hi" } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 15 } },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { ...input, output_tokens: 40 } },
      { type: "message_stop" },
    ]
    for (const event of events) reader.feed(Buffer.from(`data: ${JSON.stringify(event)}\n\n`))
    reader.end()
    expect(costOf(reader.usage, prices.priceOf(deployment))).toEqual({ costMicroUsd: 25 * 3 + 300 + 40 * 15, costKnown: true })
  })

  it("something for every model that is named without being asked", () => {
    const named = Object.entries(knownModels).flatMap(([provider, models]) => models.map((model) => deploymentOf(provider, model)))
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((deployment) => !prices.priceOf(deployment)).map(({ id }) => id)).toEqual([])
  })

  it.each<[what: string, provider: string, model: string, answer: JsonObject]>([
    [
      "Bedrock's tier",
      "bedrock",
      "amazon.nova-lite-v1:0",
      { ...answers.converse, serviceTier: { type: "priority" }, usage: { inputTokens: 10, outputTokens: 5 } },
    ],
    [
      "a provisioned tier",
      "vertex",
      "gemini-2.5-flash",
      { ...answers.gemini, usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, trafficType: "PROVISIONED_THROUGHPUT" } },
    ],
    [
      "a picture made by another model",
      "openai",
      "gpt-5",
      {
        object: "response",
        id: "r",
        status: "completed",
        output: [{ id: "a", type: "image_generation_call", status: "completed", result: "aGk=" }],
        usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
      },
    ],
    [
      "tools that Groq ran",
      "groq",
      "openai/gpt-oss-120b",
      {
        ...answers.chat,
        choices: [{ ...answers.chat.choices[0], message: { content: "hi", executed_tools: [{ index: 0, type: "browser_search" }] } }],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      },
    ],
    [
      "what OpenAI keeps in its cache for twelve hours",
      "openai",
      "gpt-6-sol",
      {
        ...answers.chat,
        usage: { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 0, cache_write_12h_tokens: 80 } },
      },
    ],
    [
      "the same in a response",
      "openai",
      "gpt-6-sol",
      {
        object: "response",
        id: "r",
        status: "completed",
        output: [],
        usage: { input_tokens: 100, output_tokens: 5, input_tokens_details: { cached_tokens: 0, cache_write_12h_tokens: 80 } },
      },
    ],
  ])("an unknown amount with %s", (_what, provider, model, answer) => {
    expect(costOfAnswer(provider, model, answer).costKnown).toBe(false)
  })

  it("an unknown amount where nobody knows the price, never nothing", () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
    expect(costOfAnswer("openai", "gpt-99", { ...answers.chat, usage })).toEqual({ costMicroUsd: 0, costKnown: false })
  })
})
