// A prompt put into the body of a chat completion: its messages before the client's, its parameters where the client says none.
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { RenderedPrompt } from "../../inference/index.ts"

export function chatWithPrompt(body: JsonObject, { messages, parameters }: RenderedPrompt): JsonObject {
  const { model, temperature, topP, maxOutputTokens, stop, tools, toolChoice } = parameters
  const limitGiven = body["max_tokens"] !== undefined || body["max_completion_tokens"] !== undefined
  const defaults: Record<string, JsonValue | undefined> = {
    model,
    temperature,
    top_p: topP,
    max_completion_tokens: limitGiven ? undefined : maxOutputTokens,
    stop,
    tools: tools?.map((tool) => ({ type: "function", function: tool })),
    tool_choice: typeof toolChoice === "object" ? { type: "function", function: toolChoice } : toolChoice,
  }
  return { ...withoutUndefined(defaults), ...body, messages: [...messages.map((each) => ({ ...each })), ...listOf(body["messages"])] }
}

export function withoutUndefined(values: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined))
}

/** A prompt may be all that is asked. */
export function listOf(messages: JsonValue | undefined): readonly JsonValue[] {
  if (messages === undefined || messages === null) return []
  if (Array.isArray(messages)) return messages as readonly JsonValue[]
  throw new AppError("invalid_type", `"messages" must be an array`, { param: "messages" })
}
