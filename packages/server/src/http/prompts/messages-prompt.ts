// A prompt put into the body of Anthropic's messages: the system's texts before the client's, then its turns before the client's.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { RenderedPrompt } from "../../inference/index.ts"
import { listOf, withoutUndefined } from "./chat-prompt.ts"

export function messagesWithPrompt(body: JsonObject, { messages, parameters }: RenderedPrompt): JsonObject {
  const { model, temperature, topP, maxOutputTokens, stop, tools, toolChoice } = parameters
  const defaults: Record<string, JsonValue | undefined> = {
    model,
    temperature,
    top_p: topP,
    max_tokens: maxOutputTokens,
    stop_sequences: stop,
    tools: tools?.map(({ name, description, parameters: schema }) =>
      withoutUndefined({ name, description, input_schema: schema ?? { type: "object" } }),
    ),
    tool_choice: toolChoice === undefined ? undefined : choiceOf(toolChoice),
  }
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => ({ type: "text", text: content }))
  const turns = messages.filter(({ role }) => role !== "system").map((each) => ({ ...each }))
  return {
    ...withoutUndefined(defaults),
    ...body,
    ...(system.length === 0 ? {} : { system: [...system, ...systemOf(body["system"])] }),
    messages: [...turns, ...listOf(body["messages"])],
  }
}

function systemOf(given: JsonValue | undefined): readonly JsonValue[] {
  if (typeof given === "string") return given === "" ? [] : [{ type: "text", text: given }]
  return listOf(given)
}

function choiceOf(choice: NonNullable<RenderedPrompt["parameters"]["toolChoice"]>): JsonObject {
  if (typeof choice === "object") return { type: "tool", name: choice.name }
  return { type: choice === "required" ? "any" : choice }
}
