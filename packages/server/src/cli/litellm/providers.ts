// The providers that a model list speaks of: one for each account and address, with a name of its own.
import { azureProvider, bedrockProvider, vertexProvider } from "./clouds.ts"
import { providerTypeNames, type ProviderTypeName } from "../../config/index.ts"
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import { addressOf, headersOf, hostOf, keyOf, variableOf, type Placed, type PlaceContext, type ProviderInput } from "./place.ts"
import { knownProviders, otherProviders, splitModel, type KnownProvider } from "./provider-names.ts"
import type { Secrets } from "./secrets.ts"
import { literal, type Section } from "./section.ts"

const elsewhere =
  "If it has an address that speaks as OpenAI does, declare that as a provider; else use its AI SDK package (docs/how-to/providers.md)."

export class Providers {
  readonly #secrets: Secrets
  readonly #names = new Map<string, string>()
  readonly #byPrefix = new Map<string, Set<string>>()
  readonly declared: Record<string, ProviderInput> = {}

  constructor(secrets: Secrets) {
    this.#secrets = secrets
  }

  /** The places that one entry of the model list means; none where it cannot be served here, which the report says. */
  placesOf(params: Section): { provider: string; model: string; dialect?: "responses" }[] {
    const whole = params.take("model")
    const named = params.take("custom_llm_provider")
    if (typeof whole !== "string" || whole === "") {
      params.left("model", "it names no model")
      return []
    }
    const split = splitModel(whole, typeof named === "string" ? named : undefined)
    const known = split && knownProviders[split.provider]
    if (!split || !known) {
      const why = split && (otherProviders[split.provider] ?? `the provider ${JSON.stringify(split.provider)} is not known here`)
      params.left("model", why ?? `LiteLLM tells the provider of ${JSON.stringify(whole)} from its own list`, elsewhere)
      return []
    }
    return this.#placed(split.provider, split.model, known, params).map(({ provider, names, ...place }) => {
      const name = this.#declare(provider, names)
      this.#byPrefix.set(split.provider, (this.#byPrefix.get(split.provider) ?? new Set()).add(name))
      return { ...place, model: literal(place.model), provider: name }
    })
  }

  /** What LiteLLM calls one provider may be several accounts and addresses here. */
  namesOf(prefix: string): string[] {
    return [...(this.#byPrefix.get(prefix) ?? [])]
  }

  /** A provider at its usual address with its usual key, where only its type is known. */
  usual(prefix: "openai", params: Section): string {
    const known = Object.entries(this.declared).find(([name, { type = name, baseUrl }]) => type === prefix && baseUrl === undefined)
    return known?.[0] ?? this.#declare({ type: prefix, apiKey: this.#secrets.variable("OPENAI_API_KEY", params.at("api_key")) }, [prefix])
  }

  /** One that no model names. */
  at(provider: ProviderInput, names: readonly string[]): string {
    return this.#declare(provider, names)
  }

  typeOf(name: string): ProviderTypeName {
    const type = this.declared[name]?.type ?? name
    return providerTypeNames.find((each) => each === type) ?? "openai-compatible"
  }

  #placed(prefix: string, model: string, known: KnownProvider, params: Section): Placed[] {
    const context = { params, secrets: this.#secrets }
    if (known.type === "azure") return given(azureProvider(model, known, context))
    if (known.type === "bedrock") return given(bedrockProvider(model, context))
    if (known.type === "vertex") return given(vertexProvider(model, context))
    if (prefix === "openai") return openAi(model, known, context)
    return given(plainProvider(prefix, model, known, context))
  }

  #declare(provider: ProviderInput, names: readonly string[]): string {
    const key = JSON.stringify(provider)
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const name = this.#free(names.map(plainName).filter((each) => each !== ""))
    this.#names.set(key, name)
    const { type, ...rest } = provider
    this.declared[name] = type === name && rest.baseUrl === undefined ? rest : { ...(type === undefined ? {} : { type }), ...rest }
    return name
  }

  #free(names: readonly string[]): string {
    const [first = "provider"] = names
    const free = names.find((name) => !Object.hasOwn(this.declared, name))
    if (free !== undefined) return free
    for (let number = 2; ; number += 1) if (!Object.hasOwn(this.declared, `${first}-${number}`)) return `${first}-${number}`
  }
}

function given<T>(place: T | undefined): T[] {
  return place === undefined ? [] : [place]
}

function plainName(text: string): string {
  const name = text.replaceAll(/[^\w.-]+/g, "-").replaceAll(/^[^A-Za-z0-9]+|-+$/g, "")
  return name === "perdure" ? "perdure-upstream" : name.slice(0, 56)
}

/** OpenAI itself, once per organisation; or any server that speaks as it does. */
function openAi(model: string, known: KnownProvider, context: PlaceContext): Placed[] {
  const { params } = context
  const base = params.has("api_base") || params.has("base_url") ? addressOf(context) : null
  if (base === undefined) return []
  const responses = /^responses\//.exec(model)?.[0] ?? ""
  const place = { model: model.slice(responses.length), ...(responses === "" ? {} : { dialect: "responses" as const }) }
  if (base !== null && !/^https:\/\/api\.openai\.com(?:\/v1)?$/.test(base)) {
    const key = keyOf({ type: "openai-compatible", keys: [] }, context, base)
    if (key.apiKey === undefined && !params.has("api_key"))
      params.differs(
        "api_base",
        "LiteLLM sends OPENAI_API_KEY to any address; here it goes to OpenAI's alone",
        "Add apiKey to the provider where it is wanted.",
      )
    return [
      {
        ...place,
        provider: { type: "openai-compatible", baseUrl: base, ...key, ...headersOf(context) },
        names: [hostOf(base), "openai-like"],
      },
    ]
  }
  const organisations = params.words("organization")
  const key = keyOf(known, context, null)
  return (organisations.length === 0 ? [undefined] : organisations).map((organization) => {
    const further = headersOf(context)
    const settings = { ...further.settings, ...(organization === undefined ? {} : { organization: textOf(organization, context) }) }
    const provider: ProviderInput = { type: "openai", ...key, ...(Object.keys(settings).length === 0 ? {} : { settings }) }
    return { ...place, provider, names: ["openai", joined("openai", organization ?? variableOf(key))] }
  })
}

function textOf(text: string, { params }: PlaceContext): string {
  const name = /^os\.environ\/(\w+)$/.exec(text)?.[1]
  if (name === undefined) return text
  params.report.wants(name, params.at("organization"))
  return `\${${name}}`
}

/** Those that want an address and a key and nothing else. */
function plainProvider(prefix: string, model: string, known: KnownProvider, context: PlaceContext): Placed | undefined {
  const { params } = context
  const isNamed = params.has("api_base") || params.has("base_url")
  const own = isNamed ? addressOf(context) : known.addressVariable === undefined ? known.address : variableAddress(known, context)
  if (isNamed && own === undefined) return undefined
  // Inference endpoints of Hugging Face are servers of their own, with another way to speak.
  const isAnthropic = known.mayBeAnthropic && isNamed && own !== undefined && /\/anthropic(?:\/v1(?:\/messages)?)?$/.test(own)
  const type = isAnthropic ? "anthropic" : prefix === "huggingface" && isNamed ? "tgi" : known.type
  const base = own === undefined ? undefined : withVersion(own, type)
  const key = keyOf(known, context, isNamed ? (base ?? null) : null)
  const provider: ProviderInput = { type, ...(base === undefined ? {} : { baseUrl: base }), ...key, ...headersOf(context) }
  const name = prefix.replace(/_(?:ai|chat|beta)$|^hosted_/g, "")
  return {
    provider,
    names: [nameOfType(type, name), joined(name, base === undefined ? variableOf(key) : hostOf(base))],
    model: modelFor(prefix, model),
  }
}

/** LiteLLM completes these addresses itself. */
function withVersion(address: string, type: ProviderTypeName): string {
  if (address.startsWith("${") || !/^(?:ollama|tgi|anthropic)$/.test(type)) return address
  const bare = type === "anthropic" ? address.replace(/\/messages$/, "") : address
  return bare.endsWith("/v1") ? bare : `${bare}/v1`
}

function joined(name: string, more: string): string {
  return more.startsWith(name) ? more : `${name}-${more}`
}

function nameOfType(type: string, name: string): string {
  return type === "openai-compatible" ? name : type
}

function modelFor(prefix: string, model: string): string {
  if (prefix === "fireworks_ai" && !model.includes("/") && !model.includes("*")) return `accounts/fireworks/models/${model}`
  // huggingface/<provider>/<owner>/<model>
  const routed = prefix === "huggingface" ? /^([^/]+)\/([^/]+\/[^/]+)$/.exec(model) : null
  return routed ? `${routed[2]}:${routed[1]}` : model
}

function variableAddress({ addressVariable = "" }: KnownProvider, { params }: PlaceContext): string {
  params.report.wants(addressVariable, params.at("api_base"))
  return `\${${addressVariable}}`
}

/** The variables that LiteLLM reads the keys of entries from that name none: no other secret may get their names. */
export function usualVariables(list: readonly JsonValue[]): string[] {
  return list.flatMap((item) => {
    const params = isJsonObject(item) ? item["litellm_params"] : undefined
    if (!isJsonObject(params) || typeof params["model"] !== "string" || params["api_key"]) return []
    const { custom_llm_provider: named, model } = params
    const split = splitModel(model, typeof named === "string" ? named : undefined)
    return split ? [...(knownProviders[split.provider]?.keys ?? []), "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] : []
  })
}
