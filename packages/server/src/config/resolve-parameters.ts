// Parameters that a deployment adds to requests: its own over those of its model, without secrets, and none that its provider has not.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import { didYouMean } from "./explain.ts"
import { chatParameters, embeddingParameters, mediaParametersOf, ownParameters, whyNotDropped, whyNotSet } from "./parameter-names.ts"
import type { Path } from "./paths.ts"
import { isProviderType, type ProviderTypeName } from "./provider-types.ts"
import type { AddProblem } from "./resolve-provider.ts"
import type { ParametersInput } from "./schema/parameters.ts"
import { hasSecretPrefix } from "./secret.ts"
import type { ParametersConfig } from "./types.ts"

export interface ParameterInputs {
  parameters?: ParametersInput | undefined
  overrideParameters?: ParametersInput | undefined
  dropParameters?: readonly string[] | undefined
}

/** What one place says, whoever it is for. */
export function checkParameters(input: ParameterInputs, path: Path, add: AddProblem): void {
  const { parameters = {}, overrideParameters = {}, dropParameters = [] } = input
  for (const [key, values] of Object.entries({ parameters, overrideParameters })) checkValues(values, [...path, key], add)
  for (const name of Object.keys(overrideParameters))
    if (parameters[name] !== undefined)
      add([...path, "overrideParameters", name], { what: `${JSON.stringify(name)} is in parameters too`, allowed: "one of the two" }, "key")
  for (const [index, name] of dropParameters.entries()) {
    const at = [...path, "dropParameters", index]
    const why = whyNotDropped(name)
    if (why !== undefined) add(at, { what: `${JSON.stringify(name)} cannot be left out: a request needs it`, allowed: "other parameters" })
    else if (parameters[name] !== undefined || overrideParameters[name] !== undefined)
      add(at, {
        what: `${JSON.stringify(name)} is both set and left out`,
        allowed: "overrideParameters alone sets it whatever the client says",
      })
  }
}

function checkValues(values: ParametersInput, path: Path, add: AddProblem): void {
  if (values.max_tokens !== undefined && values.max_completion_tokens !== undefined)
    add([...path, "max_completion_tokens"], { what: "max_tokens says the same", allowed: "one of the two" }, "key")
  for (const [name, value] of Object.entries(values)) {
    const at = [...path, name]
    const why = whyNotSet(name)
    if (why !== undefined) add(at, { what: `${JSON.stringify(name)} cannot be set for all requests: ${why}` }, "key")
    else if (!/^[A-Za-z][\w.-]{0,63}$/.test(name))
      add(at, { what: "is no name of a parameter", allowed: "letters, digits and . _ -" }, "key")
    else if (name === "encoding_format" && value !== "float")
      add(at, { what: "how vectors are written is the client's choice", allowed: "float, for a server that refuses base64" })
    else if (isSecretName(name) || holdsSecret(value))
      add(at, {
        what: "parameters are shown to whoever may see the models, so that no secret may stand in them",
        hint: "a key belongs into apiKey of the provider or headers of the deployment: { env: NAME } or { file: path }",
      })
    else if (!isJson(value)) add(at, { what: "not a value that JSON has", allowed: "text, numbers, true and false, lists, objects" })
  }
}

/** Checks the names against what the provider takes: its own place says it for one deployment, its model's for all of them. */
export function resolveParameters(
  ownInput: ParameterInputs,
  modelInput: ParameterInputs,
  at: { path: Path; modelPath: Path; type: ProviderTypeName | undefined; model: string; provider: string; add: AddProblem },
): ParametersConfig | null {
  checkNames(ownInput, at.path, at)
  checkNames(modelInput, at.modelPath, at)
  const [own, ofModel] = [inOneWord(ownInput), inOneWord(modelInput)]
  const isOwn = (name: string): boolean =>
    own.parameters?.[name] !== undefined || own.overrideParameters?.[name] !== undefined || own.dropParameters?.includes(name) === true
  const defaults = merged(ofModel.parameters, own.parameters, (name) => !isOwn(name))
  const overrides = merged(ofModel.overrideParameters, own.overrideParameters, (name) => !isOwn(name))
  const dropped = [...new Set([...(ofModel.dropParameters ?? []).filter((name) => !isOwn(name)), ...(own.dropParameters ?? [])])]
  if (Object.keys(defaults).length + Object.keys(overrides).length + dropped.length === 0) return null
  return { defaults, overrides, dropped }
}

/** The limit of an answer has two names, and is one thing. */
function inOneWord({ parameters, overrideParameters, dropParameters }: ParameterInputs): ParameterInputs {
  const renamed = ({ max_completion_tokens: limit, ...rest }: ParametersInput = {}): ParametersInput =>
    limit === undefined ? rest : { max_tokens: limit, ...rest }
  return {
    parameters: renamed(parameters),
    overrideParameters: renamed(overrideParameters),
    dropParameters: (dropParameters ?? []).map((name) => (name === "max_completion_tokens" ? "max_tokens" : name)),
  }
}

function merged(ofModel: ParametersInput = {}, own: ParametersInput = {}, stands: (name: string) => boolean): JsonObject {
  const entries = [...Object.entries(ofModel).filter(([name]) => stands(name)), ...Object.entries(own)]
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as JsonObject // checked to be JSON
}

function checkNames(input: ParameterInputs, path: Path, at: Parameters<typeof resolveParameters>[2]): void {
  const { type, model, provider, add } = at
  const known = ownParameters(type, model)
  if (known === "any") return
  const all = [...chatParameters, ...embeddingParameters, ...mediaParametersOf(type), ...known]
  for (const key of ["parameters", "overrideParameters"] as const)
    for (const name of Object.keys(input[key] ?? {})) {
      if (all.includes(name) || whyNotSet(name) !== undefined) continue
      const near = didYouMean(name, all)
      add(
        [...path, key, name],
        {
          what: `${type === undefined ? "what runs in this process" : `${provider} (${type})`} has no parameter ${JSON.stringify(name)}`,
          allowed: all.join(", "),
          hint: near === undefined ? "unknown names are passed on to providers that speak as OpenAI does" : `did you mean ${near}?`,
        },
        "key",
      )
    }
}

/** Of a declared provider, or one that is found by its usual name. */
export function typeNamed(provider: string, declared: ProviderTypeName | undefined): ProviderTypeName | undefined {
  return declared ?? (isProviderType(provider) ? provider : undefined)
}

function isSecretName(name: string): boolean {
  return /^(?:x-)?(?:api[-_]?key|authorization|password|secret|(?:(?:access|auth|bearer|session)[-_]?)?token|aws_secret\w*|credentials?)$/i.test(
    name,
  )
}

function holdsSecret(value: unknown): boolean {
  if (typeof value === "string") return hasSecretPrefix(value) && value.length >= 20
  if (Array.isArray(value)) return value.some(holdsSecret)
  if (typeof value !== "object" || value === null) return false
  const names = Object.keys(value)
  if (names.length === 1 && /^(?:env|file)$/.test(names[0] ?? "")) return true
  return names.some(isSecretName) || Object.values(value).some(holdsSecret)
}

function isJson(value: unknown): value is JsonValue {
  if (Array.isArray(value)) return value.every(isJson)
  if (isJsonObject(value)) return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isJson)
  return value === null || ["string", "boolean"].includes(typeof value) || (typeof value === "number" && Number.isFinite(value))
}
