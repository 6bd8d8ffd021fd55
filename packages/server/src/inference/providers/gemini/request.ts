// A model call as the body of Gemini's generateContent.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import { cannotSend } from "../media.ts"
import { geminiContents } from "./contents.ts"
import { isVertex, knowsGemini3, thinkingConfig } from "./models.ts"
import { geminiSchema } from "./schema.ts"
import { withOwnParameters } from "../own-parameters.ts"

/** Parameters of Gemini's own that a call brings along stand above ours; those of `generationConfig` one by one. */
export function geminiRequest(call: ModelCall, deployment: Deployment): JsonObject {
  const own = call.only?.dialect === "gemini" ? call.only.parameters : {}
  const ownConfig = isJsonObject(own["generationConfig"]) ? own["generationConfig"] : {}
  const { systemInstruction, contents } = geminiContents(call, deployment)
  const generationConfig = { ...defined(configOf(call, deployment)), ...ownConfig }
  const body = {
    contents,
    ...(systemInstruction === undefined ? {} : { systemInstruction }),
    ...toolsOf(call),
    ...own,
    ...(Object.keys(generationConfig).length > 0 ? { generationConfig } : {}),
  }
  return withOwnParameters(body, call)
}

function configOf(call: ModelCall, deployment: Deployment): Record<string, JsonValue | undefined> {
  return {
    temperature: call.temperature ?? undefined,
    topP: call.topP ?? undefined,
    topK: call.topK ?? undefined,
    seed: call.seed ?? undefined,
    maxOutputTokens: call.outputTokensMax ?? undefined,
    stopSequences: call.stop && call.stop.length > 0 ? call.stop : undefined,
    ...(takesPenalties(deployment)
      ? { presencePenalty: call.presencePenalty ?? undefined, frequencyPenalty: call.frequencyPenalty ?? undefined }
      : {}),
    thinkingConfig: thinkingConfig(call, deployment.upstreamModel),
    ...formatOf(call, deployment),
  }
}

/** At Google's own address the models of 2.5 refuse them. */
function takesPenalties(deployment: Deployment): boolean {
  return isVertex(deployment) || !/(?:^|\/)gemini-2\.5/i.test(deployment.upstreamModel)
}

function formatOf({ responseFormat, tools }: ModelCall, deployment: Deployment): JsonObject {
  if (!isJsonObject(responseFormat)) return {}
  const { type, json_schema: wrapped } = responseFormat
  if (type !== "json_object" && type !== "json_schema") return {}
  if (tools.length > 0 && !knowsGemini3(deployment.upstreamModel))
    throw cannotSend(
      deployment,
      "structured output together with tools",
      "Gemini takes both in one request from version 3 on: use such a model, or leave out one of them.",
    )
  const schema = type === "json_schema" && isJsonObject(wrapped) ? wrapped["schema"] : undefined
  return { responseMimeType: "application/json", ...(schema === undefined ? {} : { responseJsonSchema: geminiSchema(schema) }) }
}

function toolsOf({ tools, toolChoice }: ModelCall): JsonObject {
  if (tools.length === 0) return {}
  const functionDeclarations = tools.map(({ name, description, parameters }) => ({
    name,
    ...(description === null ? {} : { description }),
    ...(isJsonObject(parameters) ? { parametersJsonSchema: geminiSchema(parameters) } : {}),
  }))
  return { tools: [{ functionDeclarations }], toolConfig: { functionCallingConfig: callingConfig(toolChoice, tools) } }
}

/** `VALIDATED` lets the model choose and holds it to the schemas, as `strict` asks. */
function callingConfig(choice: ModelCall["toolChoice"], tools: ModelCall["tools"]): JsonObject {
  if (choice === "none") return { mode: "NONE" }
  if (choice === "required") return { mode: "ANY" }
  if (choice === "auto") return { mode: tools.some(({ strict }) => strict === true) ? "VALIDATED" : "AUTO" }
  return { mode: "ANY", allowedFunctionNames: [choice.name] }
}

function defined(values: Record<string, JsonValue | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
