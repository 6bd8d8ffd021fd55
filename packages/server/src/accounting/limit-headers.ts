// The limit headers of answers, as OpenAI and as Anthropic name them.
import type { LimitState, LimitWindow } from "./admission/types.ts"

/** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`; resets are durations: `12ms`, `6m0s`, `1h2m3s`. Empty where nothing limits. */
export function setOpenAiLimitHeaders(headers: Record<string, string>, state: LimitState): void {
  const { requests, tokens: ofTokens } = openAiLimitsOf(state)
  // Names are written out: one that is put together is looked up among all texts of the process before it can be set.
  if (requests !== null) {
    headers["x-ratelimit-limit-requests"] = String(requests.limit)
    headers["x-ratelimit-remaining-requests"] = String(Math.floor(requests.remaining))
    if (Number.isFinite(requests.resetMs)) headers["x-ratelimit-reset-requests"] = durationText(requests.resetMs)
  }
  if (ofTokens === null) return
  headers["x-ratelimit-limit-tokens"] = String(ofTokens.limit)
  headers["x-ratelimit-remaining-tokens"] = String(Math.floor(ofTokens.remaining))
  if (Number.isFinite(ofTokens.resetMs)) headers["x-ratelimit-reset-tokens"] = durationText(ofTokens.resetMs)
}

/** OpenAI tells of requests and of tokens, whatever tokens are limited. */
export function openAiLimitsOf({ requests, tokens, inputTokens, outputTokens }: LimitState): Pick<LimitState, "requests" | "tokens"> {
  return { requests, tokens: tokens ?? tighter(inputTokens, outputTokens) }
}

const anthropicUnits = { requests: "requests", tokens: "tokens", inputTokens: "input-tokens", outputTokens: "output-tokens" } as const

/** `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`; resets are times as in RFC 3339. */
export function setAnthropicLimitHeaders(headers: Record<string, string>, state: LimitState, nowEpochMs: number): void {
  for (const [unit, name] of Object.entries(anthropicUnits) as [keyof LimitState, string][]) {
    const window = state[unit]
    if (window === null) continue
    headers[`anthropic-ratelimit-${name}-limit`] = String(window.limit)
    headers[`anthropic-ratelimit-${name}-remaining`] = String(Math.floor(window.remaining))
    if (Number.isFinite(window.resetMs)) headers[`anthropic-ratelimit-${name}-reset`] = timeText(nowEpochMs + window.resetMs)
  }
}

function tighter(a: LimitWindow | null, b: LimitWindow | null): LimitWindow | null {
  if (a === null || b === null) return a ?? b
  return a.remaining <= b.remaining ? a : b
}

/** As Go writes durations, rounded up, so that a client that waits so long does not come too early. */
function durationText(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms))
  if (whole < 1_000) return `${whole}ms`
  if (whole < 60_000) return `${whole / 1_000}s`
  const seconds = Math.ceil(whole / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}h${minutes}m${seconds % 60}s` : `${minutes}m${seconds % 60}s`
}

function timeText(epochMs: number): string {
  return `${new Date(Math.ceil(epochMs / 1_000) * 1_000).toISOString().slice(0, 19)}Z`
}
