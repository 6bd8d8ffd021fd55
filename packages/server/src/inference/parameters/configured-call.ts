// A model call with what the configuration of a deployment says of its parameters, before it is put into the deployment's words.
import { embeddingParameters, mediaServicesOf } from "../../config/index.ts"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { Deployment, ModelCall } from "../types.ts"

type Field = (value: JsonValue) => Partial<ModelCall>
interface Place {
  isGiven: (call: ModelCall) => boolean
  with: Field
  without: Partial<ModelCall>
}

function place(key: keyof ModelCall): Place {
  return {
    isGiven: (call) => call[key] !== null && call[key] !== undefined,
    with: (value) => ({ [key]: value }), // checked when the configuration was loaded
    without: { [key]: null }, // each of these may be null
  }
}

const places: Readonly<Record<string, Place>> = {
  temperature: place("temperature"),
  top_p: place("topP"),
  top_k: place("topK"),
  max_tokens: place("outputTokensMax"),
  max_completion_tokens: place("outputTokensMax"),
  seed: place("seed"),
  presence_penalty: place("presencePenalty"),
  frequency_penalty: place("frequencyPenalty"),
  response_format: place("responseFormat"),
  reasoning_effort: {
    isGiven: ({ reasoningEffort, thinkingTokensMax }) => reasoningEffort !== null || typeof thinkingTokensMax === "number",
    with: (value) => ({ reasoningEffort: value as string, thinkingTokensMax: null }), // checked when the configuration was loaded
    without: { reasoningEffort: null, thinkingTokensMax: null },
  },
  stop: {
    isGiven: ({ stop = [] }) => stop.length > 0,
    with: (value) => ({ stop: typeof value === "string" ? [value] : (value as string[]) }), // checked when the configuration was loaded
    without: { stop: [] },
  },
}

const user: Place = place("user")

/** The call itself where nothing is configured. */
export function configuredCall(call: ModelCall, { parameters }: Deployment): ModelCall {
  if (!parameters) return call
  const { defaults, overrides, dropped } = parameters
  let configured = call
  for (const name of dropped) configured = { ...configured, ...placeOf(name)?.without }
  for (const [name, value] of told(overrides)) configured = { ...configured, ...placeOf(name)?.with(value) }
  for (const [name, value] of told(defaults)) {
    const at = placeOf(name)
    if (at && !at.isGiven(call)) configured = { ...configured, ...at.with(value) }
  }
  const own = { defaults: withoutPlace(defaults), overrides: withoutPlace(overrides), dropped: dropped.filter((name) => !placeOf(name)) }
  return { ...configured, own }
}

function placeOf(name: string): Place | undefined {
  if (name === "user") return user
  return Object.hasOwn(places, name) ? places[name] : undefined
}

function told(values: JsonObject): (readonly [string, JsonValue])[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

function withoutPlace(values: JsonObject): JsonObject {
  const isOfOthers = (name: string): boolean => embeddingParameters.has(name) || mediaServicesOf(name).length > 0
  return Object.fromEntries(Object.entries(values).filter(([name]) => !placeOf(name) && !isOfOthers(name)))
}
