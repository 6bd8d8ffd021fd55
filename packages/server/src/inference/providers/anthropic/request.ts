// A model call as the body of `POST /messages`.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelTool } from "../../message-types.ts"
import { claudeTraits, type ClaudeTraits } from "../claude.ts"
import { closedSchema } from "../closed-schema.ts"
import { answerFormat, type AnswerFormat } from "./answer-format.ts"
import { cacheControl } from "./content.ts"
import { anthropicMessages } from "./messages.ts"
import { thinkingOf } from "./thinking.ts"
import { withOwnParameters } from "../own-parameters.ts"

export function messagesRequest(call: ModelCall, deployment: Deployment, stream: boolean): JsonObject {
  const traits = claudeTraits(deployment.upstreamModel)
  const format = answerFormat(call, traits)
  const { system, messages } = anthropicMessages(call, deployment)
  const maxTokens = call.outputTokensMax ?? traits.outputTokensMax
  // The tool that stands for the answer must be called.
  const asked: ModelCall = format.way === "tool" ? { ...call, toolChoice: "required" } : call
  const { thinking, effort } = thinkingOf(asked, traits, maxTokens)
  const instructions = format.way === "words" ? [...system, { type: "text", text: format.text }] : system
  const body: Record<string, JsonValue | undefined> = {
    model: deployment.upstreamModel,
    max_tokens: maxTokens,
    system: instructions.length > 0 ? instructions : undefined,
    messages,
    stream: stream ? true : undefined,
    stop_sequences: stopSequences(call),
    metadata: call.user === null ? undefined : { user_id: call.user },
    thinking,
    output_config: outputConfig(format, effort),
    ...sampling(call, traits, thinking?.["type"] === "enabled" || thinking?.["type"] === "adaptive"),
    ...toolFields(asked, format, traits),
  }
  return withOwnParameters(call.only?.dialect === "anthropic-messages" ? { ...body, ...call.only.parameters } : body, call)
}

/** White space alone is refused as a stop text, and without it the answer would not end where it was asked to. */
function stopSequences({ stop = [] }: ModelCall): readonly string[] | undefined {
  const blank = stop.find((text) => text.trim() === "")
  if (blank !== undefined)
    throw new AppError(
      "unsupported_value",
      `Anthropic's models cannot stop at ${JSON.stringify(blank)}: a stop text needs a visible character`,
      {
        param: "stop",
      },
    )
  return stop.length > 0 ? stop : undefined
}

function outputConfig(format: AnswerFormat, effort: string | undefined): JsonObject | undefined {
  if (format.way !== "held" && effort === undefined) return undefined
  return { ...(effort === undefined ? {} : { effort }), ...(format.way === "held" ? { format: format.format } : {}) }
}

/** OpenAI's temperatures go up to 2, Anthropic's to 1; with thoughts there are none. */
function sampling({ temperature, topP, topK }: ModelCall, traits: ClaudeTraits, thinks: boolean): JsonObject {
  if (!traits.takesSampling || thinks) return {}
  const hasBoth = traits.takesOneOfSampling && temperature !== null
  return {
    ...(temperature === null ? {} : { temperature: Math.min(temperature, 1) }),
    ...(topP === null || hasBoth ? {} : { top_p: topP }),
    ...(typeof topK === "number" ? { top_k: topK } : {}),
  }
}

function toolFields(call: ModelCall, format: AnswerFormat, traits: ClaudeTraits): JsonObject {
  const tools = [...call.tools.map((tool) => toolOf(tool, traits)), ...(format.way === "tool" ? [format.tool] : [])]
  if (tools.length === 0) return {}
  const single = call.parallelToolCalls && format.way !== "tool" ? {} : { disable_parallel_tool_use: true }
  return { tools, tool_choice: choiceOf(call, single) }
}

function choiceOf({ toolChoice }: ModelCall, single: JsonObject): JsonObject {
  if (toolChoice === "none") return { type: "none" }
  if (toolChoice === "auto") return { type: "auto", ...single }
  return toolChoice === "required" ? { type: "any", ...single } : { type: "tool", name: toolChoice.name, ...single }
}

function toolOf({ name, description, parameters, strict, cacheControl: cached }: ModelTool, traits: ClaudeTraits): JsonObject {
  const schema: JsonObject = isJsonObject(parameters) ? parameters : {}
  const closed = strict === true && traits.holdsSchemas ? closedSchema(schema) : undefined
  return {
    name,
    ...(description === null ? {} : { description }),
    input_schema: closed ?? { ...schema, type: "object" },
    ...(closed ? { strict: true } : {}),
    ...cacheControl(cached),
  }
}
