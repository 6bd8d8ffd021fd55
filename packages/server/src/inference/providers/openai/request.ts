// A model call as the body of a chat completion.
import { AppError, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import { presetOf, type ChatHabits } from "../presets.ts"
import { effortFields } from "./effort.ts"
import { chatMessages } from "./messages.ts"
import { thinksBeforeAnswering } from "./models.ts"
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
    ...toolFields(call),
    ...prefixFields(call, deployment, habits),
    max_tokens: call.outputTokensMax ?? undefined,
    response_format: call.responseFormat ?? undefined,
    user: call.user ?? undefined,
    stop: call.stop && call.stop.length > 0 ? call.stop : undefined,
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

function toolFields(call: ModelCall): JsonObject {
  if (call.tools.length === 0) return {}
  return {
    tools: call.tools.map(({ name, description, parameters, strict }) => ({
      type: "function",
      function: { name, parameters, ...(description === null ? {} : { description }), ...(strict === null ? {} : { strict }) },
    })),
    tool_choice: typeof call.toolChoice === "string" ? call.toolChoice : { type: "function", function: { name: call.toolChoice.name } },
    ...(call.parallelToolCalls ? {} : { parallel_tool_calls: false }),
  }
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
