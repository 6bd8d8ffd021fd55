// A model call as the options of the AI SDK's doStream.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { CallHints, ModelCall } from "../../types.ts"
import { optionNames } from "./models.ts"
import { promptOf, type PromptContext } from "./prompt.ts"
import type { SdkCallOptions, SdkLanguageModel } from "./spec.ts"
import { withOwnParameters } from "../own-parameters.ts"
import { tierAsked } from "../service-tier.ts"

export function callOptions(call: ModelCall, model: SdkLanguageModel, context: PromptContext, abortSignal: AbortSignal): SdkCallOptions {
  const format = formatOf(call)
  return {
    prompt: promptOf(call, context),
    abortSignal,
    ...(call.outputTokensMax === null ? {} : { maxOutputTokens: call.outputTokensMax }),
    ...(call.temperature === null ? {} : { temperature: call.temperature }),
    ...(call.topP === null ? {} : { topP: call.topP }),
    ...(typeof call.topK === "number" ? { topK: call.topK } : {}),
    ...(typeof call.seed === "number" ? { seed: call.seed } : {}),
    ...(typeof call.presencePenalty === "number" ? { presencePenalty: call.presencePenalty } : {}),
    ...(typeof call.frequencyPenalty === "number" ? { frequencyPenalty: call.frequencyPenalty } : {}),
    ...(call.stop && call.stop.length > 0 ? { stopSequences: [...call.stop] } : {}),
    ...(format ? { responseFormat: format } : {}),
    ...toolsOf(call),
    ...providersOwn(call, model, context),
  }
}

function formatOf({ responseFormat }: ModelCall): JsonObject | undefined {
  if (!isJsonObject(responseFormat)) return undefined
  if (responseFormat["type"] === "json_object") return { type: "json" }
  const { json_schema: wrapped } = responseFormat
  if (responseFormat["type"] !== "json_schema" || !isJsonObject(wrapped)) return undefined
  const { schema, name, description } = wrapped
  return { type: "json", ...(schema === undefined ? {} : { schema }), ...texts({ name, description }) }
}

function toolsOf({ tools, toolChoice }: ModelCall): Pick<SdkCallOptions, "tools" | "toolChoice"> {
  if (tools.length === 0) return {}
  return {
    tools: tools.map(({ name, description, parameters, strict }) => ({
      type: "function",
      name,
      inputSchema: parameters,
      ...(description === null ? {} : { description }),
      ...(strict === null ? {} : { strict }),
    })),
    toolChoice: typeof toolChoice === "string" ? { type: toolChoice } : { type: "tool", toolName: toolChoice.name },
  }
}

/** What stands under the names of providers, and what the configuration says of it; and the effort, which has a place of its own from version 4 on. */
function providersOwn(
  { reasoningEffort, hints, only, own: configured }: ModelCall,
  model: SdkLanguageModel,
  { version, deployment }: PromptContext,
): Pick<SdkCallOptions, "reasoning" | "providerOptions"> {
  const own = only?.dialect === "ai-sdk" ? only.parameters : {}
  const isSpecified = version === "v4"
  const tier = configured?.dropped.includes("service_tier") ? undefined : tierOf(hints)
  const told: Record<string, JsonObject> = {}
  for (const name of optionNames(model, deployment)) {
    // Most call it like OpenAI.
    const effort = reasoningEffort === null || isSpecified ? {} : { reasoningEffort }
    const options = { ...effort, ...(tier !== undefined && haveTiers.has(name) ? { serviceTier: tier } : {}) }
    if (Object.keys(options).length > 0) told[name] = options
  }
  const { providerOptions = {} } = withOwnParameters({ providerOptions: { ...told, ...own } }, { own: configured }) as {
    providerOptions?: JsonObject // checked when the configuration was loaded
  }
  return {
    ...(reasoningEffort !== null && isSpecified ? { reasoning: reasoningEffort } : {}),
    ...(Object.keys(providerOptions).length > 0 ? { providerOptions } : {}),
  }
}

/** Names of options among which are OpenAI's tiers. */
const haveTiers: ReadonlySet<string> = new Set(["openai", "azure"])
/** Packages of every version have these, and refuse a call with a word that they do not have. */
const commonTiers: ReadonlySet<string> = new Set(["flex", "priority"])

function tierOf(hints: CallHints | undefined): string | undefined {
  const tier = tierAsked(hints?.serviceTier ?? undefined)
  return tier !== undefined && commonTiers.has(tier) ? tier : undefined
}

function texts(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === "string"))
}
