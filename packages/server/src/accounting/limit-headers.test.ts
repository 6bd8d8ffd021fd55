// Limit headers as the SDKs of OpenAI and Anthropic read them.
import { describe, expect, it } from "vitest"
import { setAnthropicLimitHeaders, setOpenAiLimitHeaders, type LimitState } from "./index.ts"

const none: LimitState = { requests: null, tokens: null, inputTokens: null, outputTokens: null }
const openAi = (state: LimitState): object => {
  const headers = {}
  setOpenAiLimitHeaders(headers, state)
  return headers
}
const window = (resetMs: number) => ({ limit: 60, remaining: 59.7, resetMs })

describe("OpenAI's limit headers", () => {
  it.each([
    [0, "0ms"],
    [12, "12ms"],
    [11.2, "12ms"],
    [1_000, "1s"],
    [7_660, "7.66s"],
    [59_999.5, "1m0s"],
    [360_000, "6m0s"],
    [3_723_000, "1h2m3s"],
    [86_400_000, "24h0m0s"],
  ])("E5 write %d milliseconds as %s", (resetMs, text) => {
    expect(openAi({ ...none, requests: window(resetMs) })).toEqual({
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-reset-requests": text,
    })
  })

  it("are absent where nothing limits, and have no reset where it never comes", () => {
    expect(openAi(none)).toEqual({})
    expect(openAi({ ...none, tokens: window(Infinity) })).not.toHaveProperty("x-ratelimit-reset-tokens")
  })

  it("show the tighter one of input and output where only those are limited", () => {
    const state = { ...none, inputTokens: { limit: 9, remaining: 5, resetMs: 1 }, outputTokens: { limit: 8, remaining: 2, resetMs: 1 } }
    expect(openAi(state)).toMatchObject({ "x-ratelimit-limit-tokens": "8", "x-ratelimit-remaining-tokens": "2" })
  })
})

describe("Anthropic's limit headers", () => {
  it("have times as in RFC 3339, for requests and for all kinds of tokens", () => {
    const state = { requests: window(1), tokens: window(1_500), inputTokens: window(0), outputTokens: null }
    const headers = {}
    setAnthropicLimitHeaders(headers, state, Date.UTC(2026, 0, 31, 23, 59, 59))
    expect(headers).toEqual({
      "anthropic-ratelimit-requests-limit": "60",
      "anthropic-ratelimit-requests-remaining": "59",
      "anthropic-ratelimit-requests-reset": "2026-02-01T00:00:00Z",
      "anthropic-ratelimit-tokens-limit": "60",
      "anthropic-ratelimit-tokens-remaining": "59",
      "anthropic-ratelimit-tokens-reset": "2026-02-01T00:00:01Z",
      "anthropic-ratelimit-input-tokens-limit": "60",
      "anthropic-ratelimit-input-tokens-remaining": "59",
      "anthropic-ratelimit-input-tokens-reset": "2026-01-31T23:59:59Z",
    })
  })
})
