// From the parsed configuration to the one that the server uses: references to secrets, paths, cross-checks, defaults.
import { basename, resolve } from "node:path"
import { defaultLimits, type Limits } from "../core/index.ts"
import { problemAt } from "./explain.ts"
import { getAt, type Path } from "./paths.ts"
import { discoverableTypes } from "./provider-types.ts"
import { resolveAlerts } from "./resolve-alerts.ts"
import { resolveEncryption } from "./resolve-encryption.ts"
import { resolveExperiments } from "./resolve-experiments.ts"
import { resolveGuards } from "./resolve-guards.ts"
import { resolveRoutingRules } from "./resolve-routing-rules.ts"
import { resolvePrompts } from "./resolve-prompts.ts"
import { checkProviderName, modelNames, resolveModels } from "./resolve-models.ts"
import { resolvePassThrough } from "./resolve-pass-through.ts"
import { resolveProvider, type AddProblem } from "./resolve-provider.ts"
import { SecretReader, type SecretContext, type SecretInput } from "./resolve-secret.ts"
import type { ParsedConfig } from "./schema.ts"
import type { Secret } from "./secret.ts"
import type { ConfigProblem } from "./source.ts"
import type {
  Config,
  ExperimentConfig,
  GuardConfig,
  ModelConfig,
  PromptConfig,
  ProviderConfig,
  RoutingRuleConfig,
  ServerConfig,
} from "./types.ts"

export interface ResolveContext extends SecretContext {
  cwd: string
}

/** Providers that exist without being declared: `perdure` always, the others when discovery finds them. */
const wellKnownProviders = ["perdure", ...discoverableTypes]

interface LimitInput {
  name: string
  for: { provider?: string | string[] | undefined; deployment?: string | undefined }
}

type Text = { what: string; allowed?: string; hint?: string }

export function resolveConfig(parsed: ParsedConfig, context: ResolveContext): { config: Config; problems: ConfigProblem[] } {
  const resolver = new Resolver(context)
  const providers = resolver.providers(parsed.providers)
  const config: Config = {
    server: serverOf(parsed.server),
    data: resolver.directory(parsed.data),
    database: { url: resolver.databaseUrl(parsed.database.url) },
    encryption: resolver.encryption(parsed.encryption),
    limits: limitsOf(parsed.limits),
    providers,
    models: resolver.models(parsed, providers),
    routingRules: resolver.routingRules(parsed.routingRules, parsed.models, parsed.discovery),
    passThrough: resolver.passThrough(parsed.passThrough, providers),
    budgets: resolver.limits("budgets", parsed.budgets),
    rateLimits: resolver.limits("rateLimits", parsed.rateLimits),
    alerts: resolver.alerts(parsed.alerts),
    guards: resolver.guards(parsed.guards),
    unknownPrice: parsed.unknownPrice,
    batches: parsed.batches,
    memory: {
      ...parsed.memory,
      extraction: { ...parsed.memory.extraction, model: parsed.memory.extraction.model ?? null },
      consolidation: { ...parsed.memory.consolidation, model: parsed.memory.consolidation.model ?? null },
      rerank: { ...parsed.memory.rerank, model: parsed.memory.rerank.model ?? null },
    },
    documents: { rerank: { ...parsed.documents.rerank, model: parsed.documents.rerank.model ?? null } },
    prompts: resolver.prompts(parsed.prompts),
    experiments: resolver.experiments(parsed.experiments, parsed.models, parsed.discovery),
    discovery: parsed.discovery,
    grants: parsed.grants.map(({ to, allow, integrityMin }, index) => ({
      to,
      allow,
      ...(integrityMin === undefined ? {} : { integrityMin }),
      origin: resolver.origin(["grants", index]),
    })),
    logging: parsed.logging,
    dashboard: parsed.dashboard,
    defaults: { chatModel: parsed.defaults.chatModel ?? null, embeddingModel: parsed.defaults.embeddingModel ?? null },
    roles: [...new Set(parsed.roles)],
    workflows: resolver.code("workflows", parsed.workflows, { member: "execute", made: 'defineWorkflow("name", …)', one: "workflow" }),
    tools: resolver.code("tools", parsed.tools, { member: "parameters", made: "defineTool({ … })", one: "tool" }),
  }
  return { config, problems: resolver.problems }
}

function serverOf({ publicUrl, allowedHosts, ...rest }: ParsedConfig["server"]): ServerConfig {
  return publicUrl === undefined
    ? { ...rest, allowedHosts }
    : { ...rest, publicUrl, allowedHosts: [...allowedHosts, new URL(publicUrl).hostname] }
}

class Resolver {
  readonly problems: ConfigProblem[] = []
  readonly #context: ResolveContext
  readonly #secrets: SecretReader
  readonly #limitNames = new Map<string, string>()

  constructor(context: ResolveContext) {
    this.#context = context
    this.#secrets = new SecretReader(context, this.problems)
  }

  /** Answers and refusals tell it to whoever asks: where the file lies on this machine is nobody's business. */
  origin(path: Path): string {
    const override = this.#context.overrideAt(path)
    if (override !== undefined) return override
    if (getAt(this.#context.value, path) === undefined) return "default"
    return basename(this.#context.source.origin(path))
  }

  /** Relative to the configuration file where the file says it, else to the working directory. */
  directory(data: string): string {
    const isFromFile = this.#context.overrideAt(["data"]) === undefined && getAt(this.#context.value, ["data"]) !== undefined
    return resolve(isFromFile ? this.#context.source.directory : this.#context.cwd, data)
  }

  databaseUrl(input: SecretInput): Secret | null {
    const path = ["database", "url"]
    const secret = this.#secrets.read(input, path, (text) => /:\/\/[^/]*:[^/@]+@|[?&]password=/.test(text))
    if (secret === null) return null
    const isPostgres = URL.canParse(secret.reveal()) && /^postgres(ql)?:$/.test(new URL(secret.reveal()).protocol)
    if (!isPostgres) this.#add(path, { what: "not an address of Postgres", allowed: "postgres://user:password@host:5432/database" })
    return secret
  }

  alerts(input: ParsedConfig["alerts"]): Config["alerts"] {
    const around = { origin: (path: Path) => this.origin(path), add: (path: Path, text: Text) => this.#add(path, text) }
    return resolveAlerts(input, { secrets: this.#secrets, ...around })
  }

  encryption(input: ParsedConfig["encryption"]): Config["encryption"] {
    return resolveEncryption(input, this.#secrets, (path, text) => this.#add(path, text))
  }

  providers(input: ParsedConfig["providers"]): Record<string, ProviderConfig> {
    const add: AddProblem = (path, text, part) => this.#add(path, text, part)
    const entries = Object.entries(input).map(([name, provider]): [string, ProviderConfig] => {
      const path = ["providers", name]
      const hasWrongType = provider.type === undefined && getAt(this.#context.value, [...path, "type"]) !== undefined
      return [name, resolveProvider(provider, { name, hasWrongType, secrets: this.#secrets, origin: this.origin(path), add })]
    })
    return Object.fromEntries(entries)
  }

  models(parsed: ParsedConfig, providers: Config["providers"]): Record<string, ModelConfig> {
    return resolveModels(parsed.models, {
      knownProviders: this.#providerNames(),
      regionOf: (provider) => (Object.hasOwn(providers, provider) ? (providers[provider]?.region ?? null) : null),
      typeOf: (provider) => (Object.hasOwn(providers, provider) ? providers[provider]?.type : undefined),
      secrets: this.#secrets,
      attemptsMax: limitsOf(parsed.limits).attemptsMax,
      discovers: parsed.discovery,
      directory: this.#context.source.directory,
      origin: (path) => this.origin(path),
      add: (path, text, part) => this.#add(path, text, part),
    })
  }

  passThrough(input: ParsedConfig["passThrough"], providers: Config["providers"]): Config["passThrough"] {
    return resolvePassThrough(input, {
      providers,
      origin: (path) => this.origin(path),
      add: (path, text, part) => this.#add(path, text, part),
    })
  }

  guards(input: ParsedConfig["guards"]): GuardConfig[] {
    return resolveGuards(
      input,
      (path) => this.origin(path),
      (path, text, part) => this.#add(path, text, part),
    )
  }

  prompts(section: ParsedConfig["prompts"]): PromptConfig[] {
    const problem = (each: ConfigProblem): void => void this.problems.push(each)
    return resolvePrompts({ section, directory: this.#context.source.directory, originOf: (path) => this.origin(path), problem })
  }

  experiments(input: ParsedConfig["experiments"], models: ParsedConfig["models"], discovers: boolean): ExperimentConfig[] {
    const add: AddProblem = (path, text, part) => this.#add(path, text, part)
    const checkModel = modelNames(models, { discovers, add })
    return resolveExperiments(input, { origin: (path) => this.origin(path), checkModel, add })
  }

  routingRules(input: ParsedConfig["routingRules"], models: ParsedConfig["models"], discovers: boolean): RoutingRuleConfig[] {
    const add: AddProblem = (path, text, part) => this.#add(path, text, part)
    return resolveRoutingRules(input, { origin: (path) => this.origin(path), checkModel: modelNames(models, { discovers, add }), add })
  }

  /** One name is one limit: its counters go by it. */
  limits<T extends LimitInput>(section: "budgets" | "rateLimits", input: readonly T[]): (T & { origin: string })[] {
    return input.map((limit, index) => {
      const path = [section, index]
      const other = this.#limitNames.get(limit.name)
      if (other !== undefined)
        this.#add([...path, "name"], {
          what: `another limit is called ${JSON.stringify(limit.name)} (${other})`,
          allowed: "a name of its own",
        })
      this.#checkUpstream(limit.for, [...path, "for"])
      const origin = this.origin(path)
      this.#limitNames.set(limit.name, origin)
      return { ...limit, origin }
    })
  }

  /** A limit of a provider that is not there would limit nothing, in silence. */
  #checkUpstream({ provider, deployment }: LimitInput["for"], path: Path): void {
    const knownProviders = [...this.#providerNames(), "gguf"]
    const add: AddProblem = (at, text, part) => this.#add(at, text, part)
    const check = (name: string | undefined, key: string): void => {
      if (name !== undefined && name !== "*") checkProviderName(name, { knownProviders, add, path: [...path, key] })
    }
    for (const name of typeof provider === "object" ? provider : [provider]) check(name, "provider")
    check(deployment?.split("/", 1)[0], "deployment")
  }

  #providerNames(): string[] {
    return [...Object.keys(getAt(this.#context.value, ["providers"]) ?? {}), ...wellKnownProviders]
  }

  /** What only code can declare: objects that `made` returns, known by a member. */
  code(key: "workflows" | "tools", input: readonly unknown[], kind: { member: string; made: string; one: string }): readonly unknown[] {
    const file = this.#context.source.file ?? ""
    if (input.length > 0 && /\.ya?ml$/.test(file))
      this.#add([key], { what: `${key} are code`, hint: "move the configuration to perdure.config.ts" }, "key")
    else
      input.forEach((each, index) => {
        const isOne = typeof each === "object" && each !== null && "name" in each && kind.member in each
        if (!isOne) this.#add([key, index], { what: `not a ${kind.one}`, allowed: `what ${kind.made} returns` })
      })
    return input
  }

  #add(path: Path, text: Text, part: "key" | "value" = "value"): void {
    this.problems.push(problemAt(path, part, text, this.#context))
  }
}

function limitsOf(given: ParsedConfig["limits"]): Limits {
  const set = Object.entries(given).filter((entry): entry is [string, number] => entry[1] !== undefined)
  return { ...defaultLimits, ...Object.fromEntries(set) }
}
