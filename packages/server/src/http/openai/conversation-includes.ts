// `include` of the Conversations API: parts of items that are left out unless they are asked for.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

/** Where each part stands: the type of its item, then the members on the way; what it is left out as, or dropped where that is undefined. */
const parts: Readonly<Record<string, { type: string; way: readonly string[]; within?: string; as?: JsonValue }>> = {
  "file_search_call.results": { type: "file_search_call", way: ["results"], as: null },
  "web_search_call.results": { type: "web_search_call", way: ["results"] },
  "web_search_call.action.sources": { type: "web_search_call", way: ["action", "sources"] },
  "message.input_image.image_url": { type: "message", way: ["content", "image_url"], within: "input_image", as: null },
  "computer_call_output.output.image_url": { type: "computer_call_output", way: ["output", "image_url"] },
  "code_interpreter_call.outputs": { type: "code_interpreter_call", way: ["outputs"], as: null },
  "reasoning.encrypted_content": { type: "reasoning", way: ["encrypted_content"] },
  "message.output_text.logprobs": { type: "message", way: ["content", "logprobs"], within: "output_text", as: [] },
}

/** What a query asks for: `include` may be repeated, and written with brackets. Throws for what there is not. */
export function includesOf(url: string): ReadonlySet<string> {
  const query = new URL(url).searchParams
  const asked = [...query].flatMap(([name, value]) => (/^include(?:\[\d*\])?$/.test(name) ? [value] : []))
  const unknown = asked.find((name) => !Object.hasOwn(parts, name))
  if (unknown === undefined) return new Set(asked)
  throw new AppError("unsupported_value", `"include" cannot be "${unknown.slice(0, 100)}".`, {
    param: "include",
    hint: `Allowed: ${Object.keys(parts).join(", ")}.`,
  })
}

/** The item without what was not asked for. What is stored keeps it, and models are sent it. */
export function withIncluded(item: JsonObject, asked: ReadonlySet<string>): JsonObject {
  let shown = item
  for (const [name, { type, way, within, as }] of Object.entries(parts)) {
    if (asked.has(name) || shown["type"] !== type) continue
    shown = without(shown, way, { within, as })
  }
  return shown
}

function without(
  holder: JsonObject,
  [member = "", ...rest]: readonly string[],
  leave: { within: string | undefined; as: JsonValue | undefined },
): JsonObject {
  const value = holder[member]
  if (value === undefined) return holder
  if (rest.length > 0) {
    const next = (each: JsonValue): JsonValue =>
      isJsonObject(each) && (leave.within === undefined || each["type"] === leave.within) ? without(each, rest, leave) : each
    return { ...holder, [member]: Array.isArray(value) ? (value as readonly JsonValue[]).map(next) : next(value) }
  }
  const { [member]: _left, ...others } = holder
  return leave.as === undefined ? others : { ...holder, [member]: leave.as }
}
