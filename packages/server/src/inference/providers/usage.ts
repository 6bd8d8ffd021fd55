// Usage that providers report, and the estimate where they report none.
import type { JsonValue } from "../../core/index.ts"
import type { ModelUsage } from "../types.ts"

const charsPerToken = 4

export function estimatedUsage(inputChars: number, outputChars: number): ModelUsage {
  return {
    inputTokens: Math.ceil(inputChars / charsPerToken),
    outputTokens: Math.ceil(outputChars / charsPerToken),
    cachedTokens: 0,
    reasoningTokens: 0,
    estimated: true,
  }
}

/** A count, or undefined for anything that is none. */
export function countOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
