// A model call as the body of a chat completion.
import { AppError, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelTool } from "../../message-types.ts"
import { presetOf, type ChatHabits } from "../presets.ts"
import { effortFields } from "./effort.ts"
import { chatMessages } from "./messages.ts"
import { takesCustomTools, thinksBeforeAnswering } from "./models.ts"
import { parametersFor } from "./parameters.ts"
import { withOwnParameters } from "../own-parameters.ts"

/** A stream always reports its usage. */
export function chatRequest(call: ModelCall, deployment: Deployment, stream: boolean): JsonObject {
  const { habits } = presetOf(deployment.provider)
  const body: Record<string, JsonValue | undefined> = {
    model: deployment.upstreamModel,
    messages: chatMessages(call, deployment, habits),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...samplingFields(call, deployment),
    ...effortFields(call, deployment, habits),
    ...toolFields(call, deployment),
    ...prefixFields(call, deployment, habits),
    max_tokens: call.outputTokensMax ?? undefined,
    response_format: call.responseFormat ?? undefined,
    user: call.user ?? undefined,
    stop: call.stop && call.stop.length > 0 ? call.stop : undefined,
    ...hintFields(call, deployment),
  }
  const adapted = parametersFor(body, habits)
  return withOwnParameters(call.only?.dialect === "openai-chat" ? { ...adapted, ...call.only.parameters } : adapted, call)
}

/** OpenAI's thinking models refuse all of it. */
function samplingFields(call: ModelCall, deployment: Deployment): JsonObject {
  const isOpenAi = deployment.provider === "openai" || deployment.provider === "azure"
  if (isOpenAi && thinksBeforeAnswering(deployment.upstreamModel) && call.reasoningEffort !== "none") return {}
  return {
    temperature: call.temperature ?? undefined,
    top_p: call.topP ?? undefined,
    seed: call.seed ?? undefined,
    presence_penalty: call.presencePenalty ?? undefined,
    frequency_penalty: call.frequencyPenalty ?? undefined,
    // Not OpenAI's: servers of one's own and most hosts of open models have it.
    top_k: isOpenAi ? undefined : (call.topK ?? undefined),
  }
}

/** Servers that are only like OpenAI's may refuse what they do not know. */
function hintFields({ hints }: ModelCall, { provider, upstreamModel }: Deployment): Record<string, JsonValue | undefined> {
  if (!hints || (provider !== "openai" && provider !== "azure")) return {}
  return {
    verbosity: /^gpt-[5-9]/.test(upstreamModel) ? (hints.verbosity ?? undefined) : undefined,
    prompt_cache_key: hints.cacheKey ?? undefined,
    service_tier: hints.serviceTier ?? undefined,
  }
}

function toolFields(call: ModelCall, deployment: Deployment): JsonObject {
  if (call.tools.length === 0) return {}
  const hasCustom = takesCustomTools(deployment)
  return {
    tools: call.tools.map((tool) => (tool.custom && hasCustom ? customTool(tool.name, tool.custom) : functionTool(tool))),
    tool_choice: choiceOf(call, hasCustom),
    ...(call.parallelToolCalls ? {} : { parallel_tool_calls: false }),
  }
}

function functionTool({ name, description, parameters, strict }: ModelTool): JsonObject {
  const told = { ...(description === null ? {} : { description }), ...(strict === null ? {} : { strict }) }
  return { type: "function", function: { name, parameters, ...told } }
}

/** Chat completions have the grammar one level deeper. */
function customTool(name: string, { description, format }: NonNullable<ModelTool["custom"]>): JsonObject {
  const told = description === null ? {} : { description }
  if (format === null) return { type: "custom", custom: { name, ...told } }
  const { type, ...grammar } = format
  return { type: "custom", custom: { name, ...told, format: type === "grammar" ? { type, grammar } : { type: "text" } } }
}

function choiceOf({ tools, toolChoice }: ModelCall, hasCustom: boolean): JsonValue {
  if (typeof toolChoice === "string") return toolChoice
  const { name } = toolChoice
  const isCustom = hasCustom && tools.find((tool) => tool.name === name)?.custom !== undefined
  return isCustom ? { type: "custom", custom: { name } } : { type: "function", function: { name } }
}

function prefixFields({ continuesPrefix }: ModelCall, { id }: Deployment, { prefix }: ChatHabits): JsonObject {
  if (!continuesPrefix) return {}
  if (prefix === null)
    throw new AppError("unsupported_value", `"${id}" cannot go on with an answer that has begun`, {
      param: "messages",
      hint: "Let the conversation end with a message of the user.",
    })
  return prefix === "continue-final-message" ? { continue_final_message: true, add_generation_prompt: false } : {}
}
