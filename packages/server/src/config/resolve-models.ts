// Models as the configuration declares them: their deployments, and whether the names in them lead to something.
import { basename, resolve } from "node:path"
import { didYouMean } from "./explain.ts"
import { matchOf } from "./name-pattern.ts"
import type { Path } from "./paths.ts"
import { providerType, type ProviderTypeName } from "./provider-types.ts"
import { checkParameters, resolveParameters, typeNamed } from "./resolve-parameters.ts"
import { resolveHeaders, type AddProblem } from "./resolve-provider.ts"
import { checkRetry, resolveFailures } from "./resolve-retry.ts"
import type { SecretReader } from "./resolve-secret.ts"
import type { ParsedConfig } from "./schema.ts"
import type { DeploymentConfig, ModelConfig, TimeoutsConfig } from "./types.ts"

type ModelInput = ParsedConfig["models"][string]
type DeploymentInput = ModelInput["deployments"][number]

export interface ResolveModelsOptions {
  /** Declared ones, and those that exist without being declared. */
  knownProviders: readonly string[]
  /** Of a declared provider. */
  regionOf: (provider: string) => string | null
  /** Of a declared provider. */
  typeOf: (provider: string) => ProviderTypeName | undefined
  secrets: SecretReader
  /** `limits.attemptsMax` */
  attemptsMax: number
  /** Names may be of models that are found later. */
  discovers: boolean
  /** Directory that relative paths start from. */
  directory: string
  origin: (path: Path) => string
  add: AddProblem
}

export function resolveModels(input: ParsedConfig["models"], options: ResolveModelsOptions): Record<string, ModelConfig> {
  const names = new Names(input, options)
  const entries = Object.entries(input).map(([name, model]): [string, ModelConfig] => {
    const path = ["models", name]
    names.check(name, model)
    checkParameters(model, path, options.add)
    checkRetry(model.retry, { ...options, path })
    if (model.hedge !== undefined && model.deployments.length === 1)
      options.add([...path, "hedge"], { what: "there is no second deployment to ask", allowed: "a model with two deployments or more" })
    return [
      name,
      {
        deployments: model.deployments.map((each, index) =>
          deployment(each, model, { ...options, name, path: [...path, "deployments", index] }),
        ),
        aliases: model.aliases,
        regions: model.regions ?? null,
        fallbacks: model.fallbacks,
        contextFallbacks: model.contextFallbacks,
        contentFallbacks: model.contentFallbacks,
        sort: model.sort ?? null,
        hedgeAfterMs: model.hedge?.afterMs ?? null,
        cache: model.cache ?? null,
        origin: options.origin(path),
      },
    ]
  })
  return Object.fromEntries(entries)
}

/** Says where a name leads nowhere. */
export function modelNames(
  input: ParsedConfig["models"],
  options: Pick<ResolveModelsOptions, "discovers" | "add">,
): (path: Path, name: string) => void {
  const names = new Names(input, options)
  return (path, name) => names.checkName(path, name)
}

function deployment(input: DeploymentInput, model: ModelInput, at: ResolveModelsOptions & { name: string; path: Path }): DeploymentConfig {
  const { name, path, add, directory } = at
  const provider = input.provider ?? "perdure"
  const gguf = input.gguf === undefined ? null : resolve(directory, input.gguf)
  checkProviderName(provider, { ...at, path: [...path, "provider"] })
  if (gguf !== null && provider !== "perdure")
    add([...path, "gguf"], { what: "a GGUF file runs in this process", allowed: 'provider "perdure", or none' })
  if (gguf !== null && name.includes("*")) add([...path, "gguf"], { what: "one file is one model", allowed: "a model whose name has no *" })
  if (input.model?.includes("*") === true && !name.includes("*"))
    add([...path, "model"], { what: `the model "${name}" has no * that this one could stand for`, allowed: "a name without *" })
  if (input.does !== undefined && !Object.values(input.does).includes(true))
    add([...path, "does"], { what: "the deployment does nothing", allowed: "chat: true, embeddings: true, or another of its members" })
  const upstream = input.model ?? basename(gguf ?? "", ".gguf")
  checkParameters(input, path, add)
  checkRetry(input.retry, at)
  const type = provider === "perdure" ? undefined : typeNamed(provider, at.typeOf(provider))
  checkServices(input.does, type, at)
  return {
    provider,
    model: upstream,
    price: input.price ?? null,
    does: input.does ?? null,
    dialect: input.dialect ?? null,
    contextTokensMax: input.contextTokensMax ?? null,
    gguf,
    weight: input.weight,
    priority: input.priority,
    tags: input.tags,
    region: input.region ?? at.regionOf(provider),
    limits: input.limits === undefined ? null : given(input.limits),
    timeouts: { ...given<TimeoutsConfig>(model.timeouts ?? {}), ...given<TimeoutsConfig>(input.timeouts ?? {}) },
    ...resolveFailures(input, model),
    parameters: resolveParameters(input, model, { path, modelPath: ["models", name], type, model: upstream, provider, add }),
    headers: resolveHeaders(input.headers, [...path, "headers"], at),
    probe: input.probe ?? null,
  }
}

/** Otherwise a request would go to an endpoint that the provider does not have. */
function checkServices(
  does: DeploymentInput["does"],
  type: ProviderTypeName | undefined,
  { path, add }: ResolveModelsOptions & { path: Path },
): void {
  if (does === undefined || type === undefined) return
  const { serves, title } = providerType(type)
  if (serves === undefined) return
  for (const [service, isWanted] of Object.entries(does))
    if (isWanted && !serves.some((each) => each === service))
      add([...path, "does", service], {
        what: `${title} is not asked for this in its own dialect`,
        allowed: serves.join(", "),
        hint: "Where it has an endpoint like OpenAI's, declare that as a provider of type openai-compatible.",
      })
}

export function checkProviderName(
  provider: string,
  { knownProviders, path, add }: Pick<ResolveModelsOptions, "knownProviders" | "add"> & { path: Path },
): void {
  if (knownProviders.includes(provider)) return
  const near = didYouMean(provider, knownProviders)
  add(path, {
    what: `there is no provider ${JSON.stringify(provider)}`,
    allowed: knownProviders.join(", "),
    hint: near === undefined ? `declare it: providers.${provider}.baseUrl` : `did you mean ${near}?`,
  })
}

/** Without the members that are undefined. */
function given<T extends object>(value: { [K in keyof T]?: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T // the same without what is undefined
}

/** One name leads to one model; a name of another model leads somewhere. */
class Names {
  readonly #models: ParsedConfig["models"]
  readonly #options: Pick<ResolveModelsOptions, "discovers" | "add">
  readonly #aliases = new Map<string, string>()

  constructor(models: ParsedConfig["models"], options: Pick<ResolveModelsOptions, "discovers" | "add">) {
    this.#models = models
    this.#options = options
    for (const [name, { aliases }] of Object.entries(models))
      for (const alias of aliases) if (!this.#aliases.has(alias)) this.#aliases.set(alias, name)
  }

  check(name: string, { aliases, fallbacks, contextFallbacks, contentFallbacks }: ModelInput): void {
    const path = ["models", name]
    const { add } = this.#options
    if (aliases.length > 0 && name.includes("*"))
      add([...path, "aliases"], { what: "a pattern stands for many models", allowed: "aliases of a model whose name has no *" })
    for (const [index, alias] of aliases.entries()) {
      const other = Object.hasOwn(this.#models, alias) ? alias : this.#aliases.get(alias)
      if (other !== name || alias === name)
        add([...path, "aliases", index], {
          what: `${JSON.stringify(alias)} is the name of another model, or twice here`,
          allowed: "a name of its own",
        })
    }
    this.#checkFallbacks(name, "fallbacks", fallbacks)
    this.#checkFallbacks(name, "contextFallbacks", contextFallbacks)
    this.#checkFallbacks(name, "contentFallbacks", contentFallbacks)
  }

  #checkFallbacks(name: string, key: "fallbacks" | "contextFallbacks" | "contentFallbacks", names: readonly string[]): void {
    for (const [index, other] of names.entries()) {
      const path = ["models", name, key, index]
      if (other === name) this.#options.add(path, { what: "a model cannot stand in for itself", allowed: "another model" })
      else this.checkName(path, other)
    }
  }

  checkName(path: Path, name: string): void {
    if (this.#leadsSomewhere(name)) return
    const known = [...Object.keys(this.#models), ...this.#aliases.keys()]
    const near = didYouMean(name, known)
    const hint = near === undefined ? {} : { hint: `did you mean ${near}?` }
    this.#options.add(path, { what: `there is no model ${JSON.stringify(name)}`, allowed: known.join(", "), ...hint })
  }

  /** Discovered models have the names of their providers, which nobody knows here. */
  #leadsSomewhere(name: string): boolean {
    if (Object.hasOwn(this.#models, name) || this.#aliases.has(name) || name.startsWith("perdure/")) return true
    if (Object.keys(this.#models).some((pattern) => matchOf(pattern, name) !== undefined)) return true
    return this.#options.discovers && didYouMean(name, Object.keys(this.#models)) === undefined
  }
}
