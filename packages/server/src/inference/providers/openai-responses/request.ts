// A model call as the body of `POST /responses`: nothing is stored there, and reasoning comes back sealed.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelTool } from "../../message-types.ts"
import { effortFor } from "../openai/effort.ts"
import { thinksBeforeAnswering } from "../openai/models.ts"
import { inputItems } from "./input.ts"
import { withOwnParameters } from "../own-parameters.ts"

export function responsesRequest(call: ModelCall, deployment: Deployment, stream: boolean): JsonObject {
  refuseEssential(call, deployment)
  const body: Record<string, JsonValue | undefined> = {
    model: deployment.upstreamModel,
    input: inputItems(call, deployment),
    store: false,
    ...(stream ? { stream: true } : {}),
    ...reasoningFields(call, deployment),
    ...samplingFields(call, deployment),
    ...toolFields(call),
    max_output_tokens: call.outputTokensMax ?? undefined,
    text: textOf(call),
    user: call.user ?? undefined,
    prompt_cache_key: call.hints?.cacheKey ?? undefined,
    service_tier: call.hints?.serviceTier ?? undefined,
  }
  return withOwnParameters(call.only?.dialect === "openai-responses" ? { ...body, ...call.only.parameters } : body, call)
}

function refuseEssential({ stop = [], continuesPrefix }: ModelCall, { id }: Deployment): void {
  if (stop.length > 0)
    throw new AppError("unsupported_value", `"${id}" is asked through Responses, which know no stop texts`, {
      param: "stop",
      hint: "Leave them out, or ask for a model that is called by chat completions.",
    })
  if (continuesPrefix)
    throw new AppError("unsupported_value", `"${id}" cannot go on with an answer that has begun`, {
      param: "messages",
      hint: "Let the conversation end with a message of the user.",
    })
}

function reasoningFields({ reasoningEffort, thinkingTokensMax, passed, hints }: ModelCall, deployment: Deployment): JsonObject {
  const include = passed?.include ?? []
  const summary = hints?.reasoningSummary ?? null
  const thinks = isThinking(deployment)
  const tokensMax = typeof thinkingTokensMax === "number" ? thinkingTokensMax : null
  const effort = reasoningEffort ?? (thinks && tokensMax !== null ? effortFor(tokensMax, deployment.upstreamModel) : null)
  const isAsked = effort !== "none" && (effort !== null || summary !== null)
  const isSealed = thinks || (isAsked && deployment.provider === "openai-compatible")
  return {
    // Models that have no reasoning refuse to be asked for it sealed; of a server that nobody knows only the request can tell.
    ...(isSealed || include.length > 0 ? { include: [...(isSealed ? ["reasoning.encrypted_content"] : []), ...include] } : {}),
    ...(effort === null && summary === null ? {} : { reasoning: effort === "none" ? { effort } : summed(effort, summary) }),
  }
}

function summed(effort: string | null, summary: string | null): JsonObject {
  return { ...(effort === null ? {} : { effort }), summary: summary ?? "auto" }
}

function isThinking({ provider, upstreamModel }: Deployment): boolean {
  if (provider === "openai" || provider === "azure") return thinksBeforeAnswering(upstreamModel)
  return provider === "xai" || provider === "openrouter"
}

function samplingFields({ temperature, topP, reasoningEffort }: ModelCall, deployment: Deployment): JsonObject {
  const isOpenAi = deployment.provider === "openai" || deployment.provider === "azure"
  if (isOpenAi && thinksBeforeAnswering(deployment.upstreamModel) && reasoningEffort !== "none") return {}
  return { temperature: temperature ?? undefined, top_p: topP ?? undefined }
}

/** Responses hold arguments to their schema unless told otherwise; everywhere else it is the other way round. */
function toolFields(call: ModelCall): JsonObject {
  const { tools = [], choice = null, callsMax = null } = call.passed ?? {}
  if (call.tools.length + tools.length === 0) return {}
  return {
    tools: [...call.tools.map(toolOf), ...tools],
    tool_choice: choice ?? choiceOf(call),
    ...(callsMax === null ? {} : { max_tool_calls: callsMax }),
    ...(call.parallelToolCalls ? {} : { parallel_tool_calls: false }),
  }
}

function toolOf({ name, description, parameters, strict, custom }: ModelTool): JsonObject {
  if (custom) return { type: "custom", name, ...told(custom.description), ...(custom.format === null ? {} : { format: custom.format }) }
  return { type: "function", name, ...told(description), parameters, strict: strict ?? false }
}

function told(description: string | null): JsonObject {
  return description === null ? {} : { description }
}

function choiceOf({ tools, toolChoice }: ModelCall): JsonValue {
  if (typeof toolChoice === "string") return toolChoice
  const { name } = toolChoice
  return { type: tools.find((tool) => tool.name === name)?.custom ? "custom" : "function", name }
}

/** `response_format` has the schema one level deeper. */
function textOf({ responseFormat: format, hints }: ModelCall): JsonValue | undefined {
  const verbosity = hints?.verbosity ? { verbosity: hints.verbosity } : undefined
  if (!isJsonObject(format)) return verbosity
  const { json_schema: wrapped } = format
  return { ...verbosity, format: format["type"] === "json_schema" && isJsonObject(wrapped) ? { type: "json_schema", ...wrapped } : format }
}
