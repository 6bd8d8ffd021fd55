// What a model call becomes for AI SDK packages, and what their specification has no place for.
import { describe, expect, it } from "vitest"
import { callOf, deploymentOf } from "../golden.fixtures.ts"
import { SdkParts } from "./events.ts"
import { callOptions } from "./options.ts"
import type { SpecificationVersion } from "./spec.ts"

const deployment = deploymentOf({ provider: "ai-sdk", model: "m", settings: { package: "a-package" } })
const signal = new AbortController().signal

function optionsOf(call: Parameters<typeof callOf>[0], version: SpecificationVersion = "v4"): Record<string, unknown> {
  const model = { specificationVersion: version, provider: "acme.chat", modelId: "m" }
  const { abortSignal: _signal, ...options } = callOptions(callOf(call), model, { deployment, version, supportedUrls: {} }, signal)
  return { ...options }
}

describe("the options of a call", () => {
  it.each([
    [
      "one call at a time",
      { tools: [{ name: "f", description: null, parameters: {}, strict: null }], parallelToolCalls: false },
      /arallel/,
    ],
    ["a budget of thoughts", { thinkingTokensMax: 4_000 }, /think|4000|budget/],
    ["the end user", { user: "someone" }, /someone/],
    [
      "cache marks",
      { messages: [{ role: "user", content: [{ type: "text", text: "a", cacheControl: { type: "ephemeral" } }] }] },
      /ephemeral|cache/,
    ],
    [
      "the detail of pictures",
      { messages: [{ role: "user", content: [{ type: "image", url: "data:image/png;base64,AAEC", detail: "low" }] }] },
      /detail|low/,
    ],
  ] as const)("leave out what the specification has no place for: %s", (_, call, trace) => {
    expect(JSON.stringify(optionsOf(call))).not.toMatch(trace)
  })

  it("have the effort as reasoning from version 4 on, and before as an option of the provider's name and of the package's", () => {
    expect(optionsOf({ reasoningEffort: "low" }, "v4")).toMatchObject({ reasoning: "low" })
    const low = { reasoningEffort: "low" }
    expect(optionsOf({ reasoningEffort: "low" }, "v3")).toMatchObject({ providerOptions: { acme: low, "a-package": low } })
    expect(optionsOf({ reasoningEffort: "low" }, "v3")).not.toHaveProperty("reasoning")
  })
})

describe("options of the configuration", () => {
  it("stand beside the effort, each under the name that the package looks for", () => {
    const own = { defaults: { providerOptions: { acme: { serviceTier: "flex" } } }, overrides: {}, dropped: [] }
    expect(optionsOf({ reasoningEffort: "low", own }, "v3")).toMatchObject({
      providerOptions: { acme: { serviceTier: "flex", reasoningEffort: "low" } },
    })
  })
})

describe("what a package gives", () => {
  it("is passed over where it is a source, or a call that the provider executes itself", () => {
    const parts = new SdkParts(deployment, (prefix) => `${prefix}_1`, { inputChars: 10, tierAsked: undefined })
    const events = parts.readWhole({
      content: [
        { type: "source", id: "s1" },
        { type: "tool-call", toolCallId: "c1", toolName: "web_search", input: "{}", providerExecuted: true },
        { type: "tool-result", toolCallId: "c1", toolName: "web_search" },
        { type: "text", text: "It rains." },
      ],
      finishReason: "stop",
      usage: { inputTokens: 3, outputTokens: 2 },
    })
    expect(events.map(({ type }) => type)).toEqual(["text-delta", "finished"])
  })
})
