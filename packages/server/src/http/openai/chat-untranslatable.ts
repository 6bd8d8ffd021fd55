// Parameters of chat completions that cannot be translated, and that an answer would be wrong without.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

interface Untranslatable {
  param: string
  /** It asks for something; `null`, `false` and what is the default anyway do not. */
  asks: (value: JsonValue) => boolean
  /** What would be missing. */
  what: string
}

export const untranslatable: readonly Untranslatable[] = [
  { param: "n", asks: (value) => value !== 1, what: "several answers to one question" },
  { param: "logprobs", asks: (value) => value === true, what: "log probabilities" },
  { param: "top_logprobs", asks: (value) => value !== 0, what: "log probabilities" },
  { param: "logit_bias", asks: (value) => isJsonObject(value) && Object.keys(value).length > 0, what: "a bias on tokens" },
  {
    param: "modalities",
    asks: (value) => Array.isArray(value) && (value as readonly JsonValue[]).includes("audio"),
    what: "a spoken answer",
  },
  { param: "audio", asks: () => true, what: "a spoken answer" },
  { param: "web_search_options", asks: () => true, what: "a search of the web" },
  { param: "functions", asks: (value) => Array.isArray(value) && value.length > 0, what: "functions (tools took their place)" },
]

/** Bytes that pass to a provider of the same dialect keep all of them. */
export function refuseUntranslatable(body: JsonObject): void {
  for (const { param, asks, what } of untranslatable) {
    const value = body[param]
    if (value === undefined || value === null || !asks(value)) continue
    throw new AppError(
      "unsupported_value",
      `this model is asked in another dialect, which has no ${param}: ${what} cannot be had from it`,
      {
        param,
        hint: `Leave "${param}" out, or ask for a model that is called by chat completions.`,
      },
    )
  }
}
