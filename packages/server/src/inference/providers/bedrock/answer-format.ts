// How a Bedrock model is held to structured output: by itself, by a tool that stands for the answer, or in words.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelCall } from "../../types.ts"
import { answerTool } from "./blocks.ts"
import { closedSchema } from "../closed-schema.ts"
import { canBeForced, holdsSchemas } from "./models.ts"

export type AnswerFormat =
  | { way: "free" }
  | { way: "held"; outputConfig: JsonObject }
  | { way: "tool"; toolSpec: JsonObject }
  /** To be added to the instructions. */
  | { way: "words"; text: string }

export function answerFormat({ responseFormat, toolChoice }: ModelCall, model: string): AnswerFormat {
  if (!isJsonObject(responseFormat)) return { way: "free" }
  if (responseFormat["type"] === "json_object") return { way: "words", text: "Answer with one JSON object and nothing else." }
  const { json_schema: wrapped } = responseFormat
  if (responseFormat["type"] !== "json_schema" || !isJsonObject(wrapped)) return { way: "free" }
  const schema = wrapped["schema"] ?? { type: "object" }
  const closed = holdsSchemas(model) ? closedSchema(schema) : undefined
  if (closed) return { way: "held", outputConfig: outputConfig(wrapped, closed) }
  // A tool that the caller demands by name leaves no room for another.
  if (canBeForced(model) && typeof toolChoice === "string" && isJsonObject(schema) && schema["type"] === "object")
    return { way: "tool", toolSpec: { name: answerTool, description: describe(wrapped), inputSchema: { json: schema } } }
  return { way: "words", text: `Answer with JSON that fits this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}` }
}

function outputConfig({ name, description }: JsonObject, schema: JsonObject): JsonObject {
  const jsonSchema = {
    schema: JSON.stringify(schema),
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof description === "string" ? { description } : {}),
  }
  return { textFormat: { type: "json_schema", structure: { jsonSchema } } }
}

function describe({ description }: JsonObject): JsonValue {
  const own = typeof description === "string" && description !== "" ? ` ${description}` : ""
  return `Gives the answer to the user.${own}`
}
