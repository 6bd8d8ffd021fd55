// What an entry of LiteLLM's model list sets in requests, as parameters of a deployment; LiteLLM passes on whatever it does not know.
import {
  chatParameters,
  embeddingParameters,
  hasSecretPrefix,
  mediaParametersOf,
  ownParameters,
  whyNotDropped,
  whyNotSet,
  type ProviderTypeName,
} from "../../config/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { DeploymentInput } from "./deployments.ts"
import { literal, variableIn, type Section } from "./section.ts"
import { isOfLiteLlm } from "./unread.ts"

/** To be read when everything else of the entry has been. */
export function parametersOf(
  params: Section,
  type: ProviderTypeName,
  model: string,
): Pick<DeploymentInput, "parameters" | "dropParameters"> {
  const dropped = droppedOf(params)
  const marks = cacheMarks(params, type)
  const own = ownParameters(type, model)
  const known = own === "any" ? own : [...own, ...mediaParametersOf(type)]
  const parameters: Record<string, JsonValue> = { ...marks }
  const add = (from: Section, name: string): void => {
    const value = valueOf(from, name, { known, type })
    if (value !== undefined && !dropped.includes(name)) parameters[name] = value
  }
  const names = params.unread().filter((name) => name !== "extra_body" && !isOfLiteLlm(name))
  for (const name of names) add(params, name)
  const body = params.section("extra_body")
  for (const name of body.unread()) add(body, name)
  if (parameters["max_tokens"] !== undefined) delete parameters["max_completion_tokens"]
  if (type === "ollama") warnOfOllama(params, parameters)
  return {
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(dropped.length === 0 ? {} : { dropParameters: dropped }),
  }
}

/** Paths into a parameter have no counterpart. */
function droppedOf(params: Section): string[] {
  return params.words("additional_drop_params").filter((name) => {
    if (!/^[A-Za-z_][\w-]{0,63}$/.test(name))
      params.left("additional_drop_params", `${JSON.stringify(name.slice(0, 100))} is a path: parameters are left out as a whole`)
    else if (whyNotDropped(name) !== undefined) params.left("additional_drop_params", `a request needs ${JSON.stringify(name)}`)
    else return true
    return false
  })
}

/** Providers that keep the beginnings of prompts without being told to. */
const keepByThemselves: ReadonlySet<ProviderTypeName> = new Set(["openai", "azure", "gemini", "deepseek", "xai", "groq"])

/** `cache_control_injection_points`: LiteLLM marks messages, Anthropic the end of what can be kept. */
function cacheMarks(params: Section, type: ProviderTypeName): Record<string, JsonValue> {
  const key = "cache_control_injection_points"
  const [point] = params.has(key) && (type === "anthropic" || keepByThemselves.has(type)) ? params.list(key) : []
  if (point === undefined) return {}
  if (type !== "anthropic") {
    params.report.add("not-needed", params.at(key), "this provider keeps the beginnings of prompts by itself")
    return {}
  }
  params.differs(
    key,
    "a cache point is set at the end of each request, not at the messages that are named",
    "Applications that send cache_control in their messages decide it themselves.",
  )
  const told = isJsonObject(point) ? point["control"] : undefined
  const ttl = isJsonObject(told) && told["ttl"] === "1h" ? { ttl: "1h" } : {}
  return { cache_control: { type: "ephemeral", ...ttl } }
}

interface Known {
  known: readonly string[] | "any"
  type: ProviderTypeName
}

function valueOf(section: Section, name: string, { known, type }: Known): JsonValue | undefined {
  const why = whyNotSet(name)
  const value = section.take(name)
  if (value === undefined) return undefined
  if (why !== undefined) section.left(name, `it cannot be set for all requests: ${why}`)
  else if (known !== "any" && !known.includes(name) && !chatParameters.has(name) && !embeddingParameters.has(name))
    section.left(name, `requests to ${type} have no such parameter here`, "Let the application send it.")
  else if (/^(?:api_?key|authorization|password|secret)$/i.test(name) || holdsSecret(value))
    section.left(name, "no secret stands in parameters", "Write it into headers of the deployment: { env: NAME }.")
  else return fitting(section, name, value)
  return undefined
}

const ranges: Readonly<Record<string, readonly [least: number, most: number, whole?: true]>> = {
  temperature: [0, 2],
  top_p: [0, 1],
  top_k: [0, Number.MAX_SAFE_INTEGER, true],
  max_tokens: [1, 100_000_000, true],
  max_completion_tokens: [1, 100_000_000, true],
  dimensions: [1, 100_000_000, true],
  seed: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true],
  presence_penalty: [-2, 2],
  frequency_penalty: [-2, 2],
}

function fitting(section: Section, name: string, value: JsonValue): JsonValue | undefined {
  const range = ranges[name]
  if (range) {
    const [least, most, whole] = range
    const number = section.number(name)
    if (number === undefined) return undefined
    if (number >= least && number <= most && (whole !== true || Number.isSafeInteger(number))) return number
    section.left(name, `it is not ${whole ? "a whole number" : "a number"} from ${least} to ${most}`)
    return undefined
  }
  if (name === "encoding_format" && value !== "float") {
    section.left(name, "how vectors are written is the client's choice")
    return undefined
  }
  return written(section, name, value)
}

/** Texts as the loader reads them back, with references to variables. */
function written(section: Section, name: string, value: JsonValue): JsonValue {
  if (typeof value === "string") {
    const variable = variableIn(value)
    if (variable === undefined) return literal(value)
    section.report.wants(variable, section.at(name))
    return `\${${variable}}`
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((each) => written(section, name, each))
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, written(section, name, each)] as const]))
  return Object.fromEntries(entries)
}

function holdsSecret(value: JsonValue): boolean {
  if (typeof value === "string") return hasSecretPrefix(value) && value.length >= 20
  return typeof value === "object" && value !== null && (Object.values(value as JsonObject) as JsonValue[]).some(holdsSecret)
}

/** LiteLLM calls its own API, Perdure the one that speaks as OpenAI does. */
function warnOfOllama(params: Section, parameters: Readonly<Record<string, JsonValue>>): void {
  for (const name of ["keep_alive", "num_ctx", "num_gpu", "num_thread", "repeat_last_n", "mirostat"])
    if (parameters[name] !== undefined)
      params.differs(
        name,
        "it is sent, but Ollama takes it by its own API alone, not by the one that speaks as OpenAI does",
        "Set it in a Modelfile, or by Ollama's variables such as OLLAMA_KEEP_ALIVE and OLLAMA_CONTEXT_LENGTH.",
      )
}
