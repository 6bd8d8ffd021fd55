// Answers in a requested JSON form: fills what can be read from the given texts, and refuses clearly where something required cannot.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Embed } from "../../types.ts"
import { propertiesOf, readArguments } from "./arguments.ts"
import type { Reading } from "./reading.ts"
import { selectQuotes } from "./relevance.ts"
import type { Answer } from "./respond.ts"
import { cannotFill, nothingFound } from "./speech.ts"

/** The schema of a `json_schema` format in either dialect's shape, an open object for `json_object`, undefined for plain text. */
export function schemaAsked(format: JsonValue | null): JsonObject | undefined {
  if (!isJsonObject(format)) return undefined
  if (format["type"] === "json_object") return { type: "object", properties: { answer: { type: "string" } }, required: ["answer"] }
  if (format["type"] !== "json_schema") return undefined
  const nested = isJsonObject(format["json_schema"]) ? format["json_schema"]["schema"] : format["schema"]
  return isJsonObject(nested) ? nested : { type: "object" }
}

/** Fields that take the quoted answer itself. */
const answerField = /^(?:answer|response|result|text|summary|explanation|output|content|message|quote|final_?answer)$/i

export async function fillSchema(
  schema: JsonObject,
  reading: Reading,
  means: { embed: Embed; now: number },
  signal: AbortSignal,
): Promise<Answer> {
  const quotes = await selectQuotes(reading.question, reading.sources, means.embed, signal)
  const quoted = quotes.map(({ text }) => text).join(" ")
  const texts = [...quotes.map(({ text }) => text), ...reading.sources.map(({ text }) => text), reading.request]
  const answers = answersIn(schema, quoted)
  const known = new Map<string, JsonValue>(Object.entries(answers).map(([name, value]) => [name.toLowerCase(), value]))
  const { value, missing } = readArguments(without(schema, Object.keys(answers)), { texts, known, now: means.now })
  if (missing.length > 0) return { kind: "refusal", text: cannotFill(missing.map(({ name }) => name)) }
  const filled = inSchemaOrder(schema, { ...value, ...answers })
  if (Object.keys(filled).length > 0) return { kind: "text", parts: [{ text: JSON.stringify(filled), citation: null }] }
  return { kind: "refusal", text: nothingFound(reading.sources) }
}

function answersIn(schema: JsonObject, quoted: string): Record<string, string> {
  if (quoted === "") return {}
  const names = Object.entries(propertiesOf(schema)).filter(
    ([name, inner]) => answerField.test(name) && isJsonObject(inner) && inner["type"] === "string" && inner["enum"] === undefined,
  )
  return Object.fromEntries(names.map(([name]) => [name, quoted]))
}

function without(schema: JsonObject, names: readonly string[]): JsonObject {
  const properties = Object.fromEntries(Object.entries(propertiesOf(schema)).filter(([name]) => !names.includes(name)))
  const required = Array.isArray(schema["required"])
    ? (schema["required"] as JsonValue[]).filter((each) => typeof each !== "string" || !names.includes(each))
    : []
  return { ...schema, properties, required }
}

function inSchemaOrder(schema: JsonObject, value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.keys(propertiesOf(schema)).flatMap((name) => (Object.hasOwn(value, name) ? [[name, value[name]] as const] : [])),
  )
}
