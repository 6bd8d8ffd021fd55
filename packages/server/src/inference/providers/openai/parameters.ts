// The parameters of a chat completion as one provider wants them: under its names, and without what it refuses.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ChatHabits } from "../presets.ts"

export function parametersFor(body: JsonObject, habits: ChatHabits): JsonObject {
  const { max_tokens: old, max_completion_tokens: current, stream_options: options, ...rest } = body
  const limit = current ?? old
  const named: Record<string, JsonValue | undefined> = {
    ...rest,
    ...(limit === undefined || limit === null ? {} : { [habits.outputLimit]: limit }),
    ...(options !== undefined && habits.streamOptions ? { stream_options: options } : {}),
  }
  if (named["tool_choice"] === "required") named["tool_choice"] = habits.requiredTool
  for (const [from, to] of Object.entries(habits.renames)) {
    if (named[from] !== undefined) named[to] = named[from]
    delete named[from]
  }
  for (const name of habits.refuses) delete named[name]
  return habits.jsonSchema ? named : inWords(named)
}

/** The schema becomes an instruction. */
function inWords(body: JsonObject): JsonObject {
  const { response_format: format, messages } = body
  if (!isJsonObject(format) || format["type"] !== "json_schema" || !Array.isArray(messages)) return body
  const schema = isJsonObject(format["json_schema"]) ? format["json_schema"]["schema"] : undefined
  const content = `Answer with JSON that fits this JSON Schema, and with nothing else:\n${JSON.stringify(schema ?? { type: "object" })}`
  const first = messages as readonly JsonValue[]
  return { ...body, messages: [{ role: "system", content }, ...first], response_format: { type: "json_object" } }
}
