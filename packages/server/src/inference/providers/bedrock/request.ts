// A model call as the body of Bedrock's Converse.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelTool } from "../../message-types.ts"
import { claudeTraits } from "../claude.ts"
import { answerFormat, type AnswerFormat } from "./answer-format.ts"
import { closedSchema } from "../closed-schema.ts"
import { cachePoint, converseMessages } from "./content.ts"
import { familyOf, holdsSchemas } from "./models.ts"
import { thinkingFields } from "./thinking.ts"
import { withOwnParameters } from "../own-parameters.ts"

/** Parameters of Bedrock's own that a call brings along stand above ours; those for the model one by one. */
export function converseRequest(call: ModelCall, deployment: Deployment): JsonObject {
  const model = deployment.upstreamModel
  const own = call.only?.dialect === "bedrock-converse" ? call.only.parameters : {}
  const format = answerFormat(call, model)
  const withTools = format.way === "tool" || (call.tools.length > 0 && call.toolChoice !== "none")
  const { system, messages } = converseMessages(call, deployment, withTools)
  const instructions = format.way === "words" ? [...system, { text: format.text }] : system
  const asked: ModelCall = format.way === "tool" ? { ...call, toolChoice: "required" } : call
  const thinking = thinkingFields(asked, model)
  const samples = samplingAllowed(model, thinking)
  const config = inferenceConfig(call, model, samples)
  const fields = { ...thinking, ...modelFields(call, model, samples), ...objectOf(own["additionalModelRequestFields"]) }
  const body = {
    messages,
    ...(instructions.length > 0 ? { system: instructions } : {}),
    ...(Object.keys(config).length > 0 ? { inferenceConfig: config } : {}),
    ...(withTools ? { toolConfig: toolConfig(call, model, format) } : {}),
    ...(format.way === "held" ? { outputConfig: format.outputConfig } : {}),
    ...(familyOf(model) === "claude" ? { additionalModelResponseFieldPaths: ["/delta/stop_sequence", "/stop_sequence"] } : {}),
    ...own,
    ...(Object.keys(fields).length > 0 ? { additionalModelRequestFields: fields } : {}),
  }
  return withOwnParameters(body, call)
}

function inferenceConfig(call: ModelCall, model: string, samples: boolean): JsonObject {
  const isClaude = familyOf(model) === "claude"
  const hasBoth = isClaude && claudeTraits(model).takesOneOfSampling && call.temperature !== null
  return defined({
    maxTokens: call.outputTokensMax ?? undefined,
    temperature: samples && call.temperature !== null ? Math.min(call.temperature, 1) : undefined,
    topP: samples && !hasBoth ? (call.topP ?? undefined) : undefined,
    stopSequences: call.stop && call.stop.length > 0 ? call.stop : undefined,
  })
}

/** Claude takes no sampling while it thinks, and its newer generations none at all. */
function samplingAllowed(model: string, thinking: JsonObject | undefined): boolean {
  if (familyOf(model) !== "claude") return true
  const told = thinking?.["thinking"]
  const thinks = isJsonObject(told) && told["type"] !== "disabled"
  return claudeTraits(model).takesSampling && !thinks
}

/** What Converse has no place for, in the words of the model's family. */
function modelFields(call: ModelCall, model: string, samples: boolean): JsonObject {
  const family = familyOf(model)
  const topK = call.topK ?? undefined
  if (family === "nova") return topK === undefined ? {} : { inferenceConfig: { topK } }
  if (family !== "claude" && family !== "mistral") return {}
  const single = family === "claude" && !call.parallelToolCalls && call.tools.length > 0 ? singleCall(call.toolChoice) : undefined
  return defined({ top_k: samples ? topK : undefined, tool_choice: single })
}

/** One call at a time is Anthropic's own parameter; Converse's must then be left out. */
function singleCall(choice: ModelCall["toolChoice"]): JsonObject | undefined {
  if (choice === "none") return undefined
  if (typeof choice !== "string") return { type: "tool", name: choice.name, disable_parallel_tool_use: true }
  return { type: choice === "required" ? "any" : "auto", disable_parallel_tool_use: true }
}

function toolConfig(call: ModelCall, model: string, format: AnswerFormat): JsonObject {
  const tools = call.toolChoice === "none" ? [] : call.tools.flatMap((tool) => toolBlocks(tool, model))
  if (format.way === "tool") return { tools: [...tools, { toolSpec: format.toolSpec }], toolChoice: { any: {} } }
  const isSingle = familyOf(model) === "claude" && !call.parallelToolCalls
  return { tools, ...(isSingle ? {} : { toolChoice: choiceOf(call.toolChoice) }) }
}

function choiceOf(choice: ModelCall["toolChoice"]): JsonObject {
  if (typeof choice !== "string") return { tool: { name: choice.name } }
  return choice === "required" ? { any: {} } : { auto: {} }
}

function toolBlocks({ name, description, parameters, strict, cacheControl }: ModelTool, model: string): JsonObject[] {
  const closed = strict === true && holdsSchemas(model) ? closedSchema(parameters) : undefined
  const toolSpec = {
    name,
    ...(description === null || description === "" ? {} : { description }),
    inputSchema: { json: closed ?? (isJsonObject(parameters) ? { type: "object", ...parameters } : { type: "object" }) },
    ...(closed ? { strict: true } : {}),
  }
  return [{ toolSpec }, ...cachePoint(cacheControl)]
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function defined(values: Record<string, JsonValue | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
