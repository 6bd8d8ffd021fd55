// Chat completions that are asked in the words of Responses, as Cursor asks them: tools without their inner object, and `input` in place of `messages`.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

/** The same request as chat completions have it; one that is in their form already stays as it is. */
export function asChat(body: JsonObject): JsonObject {
  const { tools, tool_choice: choice } = body
  const named = {
    ...(Array.isArray(tools) ? { tools: (tools as readonly JsonValue[]).map(nested) } : {}),
    ...(isJsonObject(choice) ? { tool_choice: nested(choice) } : {}),
  }
  const chat = { ...body, ...named }
  return body["messages"] === undefined && Array.isArray(body["input"]) ? withMessages(chat, body["input"] as readonly JsonValue[]) : chat
}

/** `{type, name, …}` becomes `{type, [type]: {name, …}}`; a grammar stands one level deeper too. */
function nested(tool: JsonValue): JsonValue {
  if (!isJsonObject(tool)) return tool
  const { type, name, ...rest } = tool
  if ((type !== "function" && type !== "custom") || typeof name !== "string" || isJsonObject(tool[type])) return tool
  const { format, ...others } = rest
  if (type === "function" || !isJsonObject(format) || format["type"] !== "grammar" || isJsonObject(format["grammar"]))
    return { type, [type]: { name, ...rest } }
  const { type: kind, ...grammar } = format
  return { type, custom: { name, ...others, format: { type: kind, grammar } } }
}

/** Those that say how Responses answer; what chat completions have under another name is told there. */
const ofResponses = [
  "input",
  "instructions",
  "reasoning",
  "text",
  "include",
  "max_output_tokens",
  "truncation",
  "store",
  "previous_response_id",
]

function withMessages(body: JsonObject, input: readonly JsonValue[]): JsonObject {
  const { instructions, reasoning, text, max_output_tokens: limit } = body
  const rest: JsonObject = Object.fromEntries(Object.entries(body).filter(([name]) => !ofResponses.includes(name)))
  const system = typeof instructions === "string" && instructions !== "" ? [{ role: "system", content: instructions }] : []
  const effort = isJsonObject(reasoning) && typeof reasoning["effort"] === "string" ? { reasoning_effort: reasoning["effort"] } : {}
  return {
    ...rest,
    ...effort,
    ...(typeof limit === "number" ? { max_completion_tokens: limit } : {}),
    ...formatOf(text),
    messages: [...system, ...messagesOf(input)],
  }
}

function formatOf(text: JsonValue | undefined): JsonObject {
  const format = isJsonObject(text) ? text["format"] : undefined
  if (!isJsonObject(format) || format["type"] === "text") return {}
  const { type, ...schema } = format
  return { response_format: type === "json_schema" ? { type, json_schema: schema } : { type } }
}

/** Calls that follow each other are one message's. */
function messagesOf(input: readonly JsonValue[]): JsonObject[] {
  const messages: JsonObject[] = []
  for (const item of input.filter(isJsonObject)) {
    const call = callOf(item)
    const last = messages.at(-1)
    if (call === undefined) messages.push(...messageOf(item))
    else if (last?.["role"] === "assistant")
      messages.splice(-1, 1, { ...last, tool_calls: [...((last["tool_calls"] ?? []) as readonly JsonValue[]), call] })
    else messages.push({ role: "assistant", content: null, tool_calls: [call] })
  }
  return messages
}

function callOf({ type, call_id: id, name, arguments: json, input }: JsonObject): JsonObject | undefined {
  if (type === "function_call") return { id, type: "function", function: { name, arguments: json } }
  return type === "custom_tool_call" ? { id, type: "custom", custom: { name, input } } : undefined
}

/** Thoughts and what else is nobody's words are left out. */
function messageOf({ type, role, content, call_id: id, output }: JsonObject): JsonObject[] {
  if (type === "function_call_output" || type === "custom_tool_call_output")
    return [{ role: "tool", tool_call_id: id, content: contentOf(output) }]
  return typeof role === "string" ? [{ role, content: contentOf(content) }] : []
}

function contentOf(content: JsonValue | undefined): JsonValue {
  if (!Array.isArray(content)) return content ?? ""
  return (content as readonly JsonValue[]).map((part) => {
    if (!isJsonObject(part)) return part
    const { type, text, image_url: url, detail } = part
    if (type === "input_text" || type === "output_text") return { type: "text", text }
    if (type !== "input_image" || typeof url !== "string") return part
    return { type: "image_url", image_url: { url, ...(detail === undefined ? {} : { detail }) } }
  })
}
