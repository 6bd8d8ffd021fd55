// One entry of LiteLLM's model list as deployments of a model.
import { providerType, type ConfigInput } from "../../config/index.ts"
import { doesByName } from "../../inference/index.ts"
import { parametersOf } from "./parameters.ts"
import { listedPriceOf, priceOf } from "./price.ts"
import type { Providers } from "./providers.ts"
import { retryOf } from "./retries.ts"
import type { Section } from "./section.ts"

export type DeploymentInput = NonNullable<ConfigInput["models"]>[string]["deployments"][number]
export type Duty = keyof NonNullable<DeploymentInput["does"]>

/** What the list says beside the deployment. */
export interface ListEntry {
  params: Section
  info: Section
  /** Of `litellm_params`: the lowest is tried first. */
  order: number | undefined
  deployments: DeploymentInput[]
}

const duties: Readonly<Record<string, Duty>> = {
  chat: "chat",
  completion: "chat",
  responses: "chat",
  embedding: "embeddings",
  image_generation: "images",
  image_edit: "images",
  audio_speech: "speech",
  audio_transcription: "transcription",
  moderation: "moderation",
  rerank: "rerank",
  realtime: "realtime",
}

export function readEntry(params: Section, info: Section, providers: Providers): ListEntry {
  const places = providers.placesOf(params)
  const order = params.number("order")
  const mode = info.text("mode")
  const [first] = places
  const duty = first && dutyOf(mode, first.model, info)
  if (first === undefined || duty === "none") return { params, info, order, deployments: [] }
  const type = providers.typeOf(first.provider)
  const served = type === undefined ? undefined : providerType(type).serves
  if (duty !== undefined && served?.includes(duty) === false) {
    params.left(
      "model",
      `${duty} of this provider are not asked for in its own dialect`,
      "Use an endpoint of it that is like OpenAI's, if there is one.",
    )
    return { params, info, order, deployments: [] }
  }
  const base = info.text("base_model")
  const own = priceOf([params, info], duty === "transcription" || duty === "speech")
  const listed = own === undefined && base !== undefined && base !== first.model ? listedPriceOf(base, type) : undefined
  if (listed)
    info.differs(
      "base_model",
      "the price of that model today stands in the new configuration, as Perdure knows prices by the name that a provider has",
    )
  else if (own === undefined && base !== undefined && base !== first.model)
    info.left(
      "base_model",
      "its price is not in Perdure's list, so costs of this deployment are unknown",
      "Write price into its deployment.",
    )
  const common = {
    ...(duty === undefined ? {} : { does: { [duty]: true } }),
    ...measures(params, info),
    ...retryOf(params),
    ...((own ?? listed) ? { price: own ?? listed } : {}),
    ...parametersOf(params, type, first.model),
  }
  return { params, info, order, deployments: places.map((place) => ({ ...place, ...common })) }
}

/** Undefined: chat, which needs no word. */
function dutyOf(mode: string | undefined, model: string, info: Section): Duty | "none" | undefined {
  if (mode !== undefined) {
    const duty = duties[mode]
    if (duty === undefined) info.left("mode", `models for ${JSON.stringify(mode)} are not served here`)
    return duty === "chat" ? undefined : (duty ?? "none")
  }
  const does = doesByName(model.slice(model.lastIndexOf("/") + 1)) ?? {}
  const duty = Object.entries(does).find(([name, is]) => is && name !== "chat")?.[0]
  return duty as Duty | undefined // the names of duties
}

function measures(params: Section, info: Section): Partial<DeploymentInput> {
  const limits = {
    ...some("requestsPerMinute", params.count("rpm")),
    ...some("tokensPerMinute", params.count("tpm")),
    ...some("concurrent", params.count("max_parallel_requests")),
  }
  const timeouts = { ...some("totalMs", params.milliseconds("timeout")), ...some("firstTokenMs", params.milliseconds("stream_timeout")) }
  const weight = params.number("weight")
  const tags = params.words("tags").filter((tag) => isWord(tag, params))
  const context = info.count("max_input_tokens") ?? info.count("max_tokens")
  info.take("max_tokens")
  return {
    ...some("weight", weight === undefined || weight < 0 ? undefined : weight),
    ...(tags.length === 0 ? {} : { tags }),
    ...some("contextTokensMax", context),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
  }
}

function isWord(tag: string, params: Section): boolean {
  const fits = /^[\w.:-]{1,64}$/.test(tag)
  if (!fits) params.left("tags", `the tag ${JSON.stringify(tag)} has other characters than letters, digits and . : _ -`)
  return fits
}

export function some<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>) // the one member
}
