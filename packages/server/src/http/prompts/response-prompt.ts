// A prompt put into the body of a response: the system's texts are instructions, the other messages stand before the input.
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { RenderedPrompt } from "../../inference/index.ts"
import { withoutUndefined } from "./chat-prompt.ts"

export function responseWithPrompt(body: JsonObject, { name, messages, parameters }: RenderedPrompt): JsonObject {
  const { model, temperature, topP, maxOutputTokens, stop, tools, toolChoice } = parameters
  if (stop !== undefined)
    throw new AppError("unsupported_value", `the prompt "${name}" has "stop", which the Responses API cannot say`, {
      param: "prompt.id",
      hint: "Take it out of the prompt, or ask for a chat completion.",
    })
  const defaults: Record<string, JsonValue | undefined> = {
    model,
    temperature,
    top_p: topP,
    max_output_tokens: maxOutputTokens,
    tools: tools?.map((tool) => ({ type: "function", ...(tool as JsonObject) })),
    tool_choice: typeof toolChoice === "object" ? { type: "function", name: toolChoice.name } : toolChoice,
  }
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content)
  const own = body["instructions"]
  const instructions = typeof own === "string" && own !== "" ? [...system, own] : system
  const turns = messages.filter(({ role }) => role !== "system").map(({ role, content }) => ({ type: "message", role, content }))
  return {
    ...withoutUndefined(defaults),
    ...body,
    ...(system.length === 0 ? {} : { instructions: instructions.join("\n\n") }),
    ...(turns.length === 0 ? {} : { input: [...turns, ...inputOf(body["input"])] }),
  }
}

function inputOf(input: JsonValue | undefined): readonly JsonValue[] {
  if (input === undefined || input === null) return []
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }]
  if (Array.isArray(input)) return input as readonly JsonValue[]
  throw new AppError("invalid_type", `"input" must be a text or an array`, { param: "input" })
}
