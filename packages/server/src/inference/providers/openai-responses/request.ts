// A model call as the body of `POST /responses`: nothing is stored there, and reasoning comes back sealed.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
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
    text: textOf(call.responseFormat),
    user: call.user ?? undefined,
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

function reasoningFields({ reasoningEffort, thinkingTokensMax }: ModelCall, deployment: Deployment): JsonObject {
  const thinks = isThinking(deployment)
  const tokensMax = typeof thinkingTokensMax === "number" ? thinkingTokensMax : null
  const effort = reasoningEffort ?? (thinks && tokensMax !== null ? effortFor(tokensMax, deployment.upstreamModel) : null)
  return {
    // Models that have no reasoning refuse to be asked for it sealed.
    ...(thinks ? { include: ["reasoning.encrypted_content"] } : {}),
    ...(effort === null ? {} : { reasoning: effort === "none" ? { effort } : { effort, summary: "auto" } }),
  }
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
  if (call.tools.length === 0) return {}
  return {
    tools: call.tools.map(({ name, description, parameters, strict }) => ({
      type: "function",
      name,
      ...(description === null ? {} : { description }),
      parameters,
      strict: strict ?? false,
    })),
    tool_choice: typeof call.toolChoice === "string" ? call.toolChoice : { type: "function", name: call.toolChoice.name },
    ...(call.parallelToolCalls ? {} : { parallel_tool_calls: false }),
  }
}

/** `response_format` has the schema one level deeper. */
function textOf(format: JsonValue | null): JsonValue | undefined {
  if (!isJsonObject(format)) return undefined
  const { json_schema: wrapped } = format
  return { format: format["type"] === "json_schema" && isJsonObject(wrapped) ? { type: "json_schema", ...wrapped } : format }
}
