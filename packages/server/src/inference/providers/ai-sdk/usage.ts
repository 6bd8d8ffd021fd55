// What a package of the AI SDK says that a call used, and how its provider served it.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelUsage } from "../../types.ts"
import { anthropicUsageOf } from "../anthropic/usage.ts"
import { tierAsked, tierTold } from "../service-tier.ts"
import { costTold } from "../told-cost.ts"
import { countOf } from "../usage.ts"

/** Numbers in version 2, numbers by kind from 3 on; the input includes the cache in both. */
export function usageOf(usage: JsonObject | undefined, metadata: JsonObject | undefined): ModelUsage | undefined {
  const { inputTokens: input, outputTokens: output } = usage ?? {}
  const byKind = (tokens: JsonValue | undefined, kind: string): number | undefined =>
    isJsonObject(tokens) ? countOf(tokens[kind]) : undefined
  const inputTokens = countOf(input) ?? byKind(input, "total")
  const outputTokens = countOf(output) ?? byKind(output, "total")
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  const own = ownUsage(usage, metadata)
  const written = byKind(input, "cacheWrite") ?? own?.cacheWriteTokens ?? 0
  return {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cachedTokens: Math.min(byKind(input, "cacheRead") ?? countOf(usage?.["cachedInputTokens"]) ?? 0, inputTokens ?? 0),
    reasoningTokens: byKind(output, "reasoning") ?? countOf(usage?.["reasoningTokens"]) ?? 0,
    ...(written > 0 ? { cacheWriteTokens: written } : {}),
    ...(own?.cacheWriteLongTokens === undefined ? {} : { cacheWriteLongTokens: own.cacheWriteLongTokens }),
    ...servedAs(own, metadata),
    ...(own?.toolCalls ? { toolCalls: own.toolCalls } : {}),
    ...charged(usage, metadata),
    estimated: false,
  }
}

function charged(usage: JsonObject | undefined, metadata: JsonObject | undefined): Pick<ModelUsage, "toldMicroUsd"> {
  const toldMicroUsd = wordsIn(usage, metadata)
    .map((words) => costTold(words))
    .find((told) => told !== undefined)
  return toldMicroUsd === undefined ? {} : { toldMicroUsd }
}

function servedAs(own: ModelUsage | undefined, metadata: JsonObject | undefined): Pick<ModelUsage, "serviceTier" | "servedIn"> {
  const serviceTier = own?.serviceTier ?? tierTold(textNamed("serviceTier", metadata))
  return {
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...(own?.servedIn === undefined ? {} : { servedIn: own.servedIn }),
  }
}

/** In Anthropic's own words, where the package passes them on: they say more than the specification has a place for. */
function ownUsage(usage: JsonObject | undefined, metadata: JsonObject | undefined): ModelUsage | undefined {
  const words = wordsIn(usage, metadata).find((each) => each["input_tokens"] !== undefined && each["input_tokens_details"] === undefined)
  return anthropicUsageOf(
    words,
    sections(metadata).some(({ container }) => isJsonObject(container)),
  )
}

/** The provider's own. */
function wordsIn(usage: JsonObject | undefined, metadata: JsonObject | undefined): JsonObject[] {
  return [usage?.["raw"], ...sections(metadata).map((section) => section["usage"])].filter(isJsonObject)
}

/** The tier that the options of a call ask for, those under `names` alone where some are given. */
export function tierOfOptions(options: JsonObject | undefined, names?: readonly string[]): string | undefined {
  const own = names ? Object.fromEntries(names.map((name) => [name, options?.[name]])) : options
  if (sections(own).some((section) => section["speed"] === "fast")) return "fast"
  return tierAsked(textNamed("serviceTier", own))
}

function textNamed(name: string, of: JsonObject | undefined): string | undefined {
  return sections(of)
    .map((section) => section[name])
    .find((each) => typeof each === "string")
}

/** What is said under each provider's name. */
function sections(of: JsonObject | undefined): JsonObject[] {
  return Object.values(of ?? {}).filter(isJsonObject)
}
