// How Claude is held to structured output: by itself, by a tool that stands for the answer, or in words.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { ModelCall } from "../../types.ts"
import { closedSchema } from "../closed-schema.ts"
import type { ClaudeTraits } from "../claude.ts"

/** The tool whose input is the answer; the reader takes its input for text. */
export const answerTool = "perdure_answer"

export type AnswerFormat =
  | { way: "free" }
  /** For `output_config`. */
  | { way: "held"; format: JsonObject }
  | { way: "tool"; tool: JsonObject }
  /** To be added to the instructions. */
  | { way: "words"; text: string }

export function answerFormat({ responseFormat, toolChoice }: ModelCall, traits: ClaudeTraits): AnswerFormat {
  if (!isJsonObject(responseFormat)) return { way: "free" }
  if (responseFormat["type"] === "json_object") return { way: "words", text: "Answer with one JSON object and nothing else." }
  const { json_schema: wrapped } = responseFormat
  if (responseFormat["type"] !== "json_schema" || !isJsonObject(wrapped)) return { way: "free" }
  const schema = wrapped["schema"] ?? { type: "object" }
  const closed = traits.holdsSchemas ? closedSchema(schema) : undefined
  if (closed) return { way: "held", format: { type: "json_schema", schema: closed } }
  // A tool that the caller demands by name leaves no room for another.
  const isFree = traits.canBeForced && typeof toolChoice === "string"
  if (!isFree || !isJsonObject(schema) || schema["type"] !== "object")
    return { way: "words", text: `Answer with JSON that fits this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}` }
  const { description } = wrapped
  const own = typeof description === "string" && description !== "" ? ` ${description}` : ""
  return { way: "tool", tool: { name: answerTool, description: `Gives the answer to the user.${own}`, input_schema: schema } }
}
