// A request as the model call that its first turn makes: what is counted, what is summarised, and what turns begin with.
import type { JsonObject } from "../core/index.ts"
import type { CallHints, CallRouting, ModelCall, ModelMessage, ModelTool, PassedTools } from "../inference/index.ts"
import { fileSearchDeclaration } from "./file-search.ts"
import type { OfferedTools } from "./tool-choice.ts"
import type { ResponseRequest } from "./types.ts"

/** The offered tools as models see them; a model that quotes is handed passages instead of the search. */
export function declaredTools(tools: OfferedTools, quotes: boolean): ModelTool[] {
  const server = tools.server.map(({ name, description, parameters }) => ({ name, description, parameters, strict: null }))
  return [...tools.functions, ...server, ...(tools.fileSearch && !quotes ? [fileSearchDeclaration] : [])]
}

export function inputCall(
  request: ResponseRequest,
  messages: readonly ModelMessage[],
  tools: readonly ModelTool[],
  passed?: PassedTools,
): ModelCall {
  return {
    model: request.model,
    messages,
    passages: [],
    tools,
    toolChoice: tools.length === 0 ? "none" : "auto",
    parallelToolCalls: request.parallel_tool_calls,
    temperature: request.temperature,
    topP: request.top_p,
    outputTokensMax: request.max_output_tokens,
    responseFormat: chatFormat(request.text["format"]),
    reasoningEffort: typeof request.reasoning?.["effort"] === "string" ? request.reasoning["effort"] : null,
    user: request.user ?? request.safety_identifier,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    ...hintsOf(request),
    ...(passed ? { passed } : {}),
  }
}

/** What only OpenAI's dialects have; absent where nothing was asked for. */
function hintsOf({ text, reasoning, prompt_cache_key: cacheKey, service_tier: tier }: ResponseRequest): { hints?: CallHints } {
  const textIn = (value: unknown): string | null => (typeof value === "string" ? value : null)
  const hints: CallHints = {
    verbosity: textIn(text["verbosity"]),
    reasoningSummary: textIn(reasoning?.["summary"]),
    cacheKey,
    serviceTier: tier === usualTier ? null : tier,
  }
  return Object.values(hints).every((each) => each === null) ? {} : { hints }
}

/** What a request has that names no tier, and a response whose provider tells none. */
export const usualTier = "default"

/** `text.format` of the Responses API in the shape of chat completions, which providers take. */
function chatFormat(format: unknown): JsonObject | null {
  const { type, ...rest } = (format ?? {}) as JsonObject
  if (type === "json_schema") return { type, json_schema: rest }
  return type === "json_object" ? { type } : null
}

/** Where its calls may go; requests with one cache key find the cache of those before them. */
export function callRouting({ routing, prompt_cache_key: affinity }: ResponseRequest): CallRouting {
  return { ...(routing as CallRouting | undefined), ...(affinity === null ? {} : { affinity }) } // parsed when the request came in
}
