// Parameters of a dialect alone that the configuration sets, put into a request that was made for it.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { ModelCall } from "../types.ts"

/** Objects that a request has anyway: theirs are set one by one. */
const mixed: ReadonlySet<string> = new Set([
  "generationConfig",
  "additionalModelRequestFields",
  "output_config",
  "providerOptions",
  "text",
  "reasoning",
])

export function withOwnParameters(body: JsonObject, { own }: Pick<ModelCall, "own">): JsonObject {
  if (!own) return body
  const told: Record<string, JsonValue | undefined> = { ...body }
  for (const name of own.dropped) delete told[name]
  for (const [name, value] of Object.entries(own.defaults)) told[name] = joined(name, value, told[name] ?? undefined)
  for (const [name, value] of Object.entries(own.overrides)) told[name] = joined(name, told[name], value)
  return told
}

/** What stands last wins. */
function joined(name: string, below: JsonValue | undefined, above: JsonValue | undefined): JsonValue | undefined {
  if (!mixed.has(name) || !isJsonObject(below) || !isJsonObject(above)) return above ?? below
  return name === "providerOptions" ? bySection(below, above) : { ...below, ...above }
}

/** What is for one provider stands under its name, and is set one by one there. */
function bySection(below: JsonObject, above: JsonObject): JsonObject {
  const all = { ...below, ...above }
  for (const [name, section] of Object.entries(below)) {
    const over = above[name]
    if (isJsonObject(section) && isJsonObject(over)) all[name] = { ...section, ...over }
  }
  return all
}
