// Which requests and answers may be kept: the policies on temperature, tool calls and filtered answers.
import type { CachedAnswer, CacheMode, CacheQuestion } from "./types.ts"

/** What providers take where a request names none. */
const temperatureDefault = 1

/** A request that is answered anew each time is one whose client wants variety: warmer than the policy lets pass. */
export function isCool({ body, policy, parameters = [null] }: Pick<CacheQuestion, "body" | "policy" | "parameters">): boolean {
  const asked = body["temperature"]
  return parameters.every((configured) => {
    const { defaults = {}, overrides = {}, dropped = [] } = configured ?? {}
    const own = dropped.includes("temperature") ? undefined : (asked ?? undefined)
    const temperature = overrides["temperature"] ?? own ?? defaults["temperature"]
    return (typeof temperature === "number" ? temperature : temperatureDefault) <= policy.temperatureMax
  })
}

// In JSON a quote inside a text is escaped, so none of these can be found inside what a model said.
const filtered = /"(?:finish_reason|stop_reason|reason|detail)"\s*:\s*"(?:content_filter|refusal)"/
const calls =
  /"tool_calls"\s*:\s*\[\s*\{|"function_call"\s*:\s*\{|"type"\s*:\s*"(?:tool_use|server_tool_use|function_call|tool-call-started)"/

/**
 * A filter's verdict is not kept: it may be another one tomorrow. Tool calls are kept for the same request, which may well be sent twice,
 * but never given to another question that only sounds alike: its arguments would be wrong.
 */
export function isStorable({ frames }: Pick<CachedAnswer, "frames">): boolean {
  return frames.length > 0 && !frames.some((frame) => filtered.test(frame.toString("latin1")))
}

export function isForSimilarQuestions(mode: CacheMode, { frames }: Pick<CachedAnswer, "frames">): boolean {
  return mode === "semantic" && !frames.some((frame) => calls.test(frame.toString("latin1")))
}
