// From the parsed configuration to the one that the server uses: references to secrets, paths, cross-checks, defaults.
import { readFileSync, statSync } from "node:fs"
import { basename, resolve } from "node:path"
import { defaultLimits, messageOf, type Limits } from "../core/index.ts"
import { secretFromEnvironment } from "./environment.ts"
import { didYouMean, problemAt, type ExplainContext } from "./explain.ts"
import { getAt, type Path } from "./paths.ts"
import type { ParsedConfig } from "./schema.ts"
import { looksLikeSecret, Secret } from "./secret.ts"
import type { ConfigProblem } from "./source.ts"
import type { Config, DeploymentConfig, ModelConfig, ProviderConfig } from "./types.ts"
import type { Variables } from "./yaml.ts"

export interface ResolveContext extends ExplainContext {
  variables: Variables
  cwd: string
  isDev: boolean
}

/** Providers that exist without being declared: `perdure` always, the others when discovery finds them. */
export const wellKnownProviders = ["perdure", "openai", "anthropic", "ollama", "lmstudio", "llamacpp"] as const

type SecretInput = string | { env?: string | undefined; file?: string | undefined } | undefined
type Text = { what: string; allowed?: string; hint?: string }

const secretFileBytesMax = 64 * 1024

export function resolveConfig(parsed: ParsedConfig, context: ResolveContext): { config: Config; problems: ConfigProblem[] } {
  const resolver = new Resolver(context)
  const config: Config = {
    server: parsed.server,
    data: resolver.directory(parsed.data),
    database: { url: resolver.databaseUrl(parsed.database.url) },
    limits: limitsOf(parsed.limits),
    providers: resolver.providers(parsed.providers),
    models: resolver.models(parsed.models),
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

class Resolver {
  readonly problems: ConfigProblem[] = []
  readonly #context: ResolveContext

  constructor(context: ResolveContext) {
    this.#context = context
  }

  origin(path: Path): string {
    return (
      this.#context.overrideAt(path) ?? (getAt(this.#context.value, path) === undefined ? "default" : this.#context.source.origin(path))
    )
  }

  /** Relative to the configuration file where the file says it, else to the working directory. */
  directory(data: string): string {
    const isFromFile = this.#context.overrideAt(["data"]) === undefined && getAt(this.#context.value, ["data"]) !== undefined
    return resolve(isFromFile ? this.#context.source.directory : this.#context.cwd, data)
  }

  databaseUrl(input: SecretInput): Secret | null {
    const path = ["database", "url"]
    const secret = this.#secret(input, path, (text) => /:\/\/[^/]*:[^/@]+@|[?&]password=/.test(text))
    if (secret === null) return null
    const isPostgres = URL.canParse(secret.reveal()) && /^postgres(ql)?:$/.test(new URL(secret.reveal()).protocol)
    if (!isPostgres) this.#add(path, { what: "not an address of Postgres", allowed: "postgres://user:password@host:5432/database" })
    return secret
  }

  providers(input: ParsedConfig["providers"]): Record<string, ProviderConfig> {
    const entries = Object.entries(input).map(([name, provider]): [string, ProviderConfig] => {
      if (name === "perdure")
        this.#add(["providers", name], { what: '"perdure" is the provider of the embedded models', allowed: "another name" }, "key")
      return [
        name,
        {
          type: provider.type,
          baseUrl: provider.baseUrl.replace(/\/+$/, ""),
          apiKey: this.#secret(provider.apiKey, ["providers", name, "apiKey"], looksLikeSecret),
          origin: this.origin(["providers", name]),
        },
      ]
    })
    return Object.fromEntries(entries)
  }

  models(input: ParsedConfig["models"]): Record<string, ModelConfig> {
    const declared = Object.keys(getAt(this.#context.value, ["providers"]) ?? {})
    const entries = Object.entries(input).map(([name, model]): [string, ModelConfig] => {
      const path = ["models", name]
      const deployments = model.deployments.map((each, index) => this.#deployment(each, [...path, "deployments", index], declared))
      return [name, { deployments, origin: this.origin(path) }]
    })
    return Object.fromEntries(entries)
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

  #deployment(input: ParsedConfig["models"][string]["deployments"][number], path: Path, declared: readonly string[]): DeploymentConfig {
    const provider = input.provider ?? "perdure"
    const gguf = input.gguf === undefined ? null : resolve(this.#context.source.directory, input.gguf)
    const does = input.does ?? { chat: true, embeddings: false }
    const known = [...declared, ...wellKnownProviders]
    if (!known.includes(provider)) {
      const near = didYouMean(provider, known)
      this.#add([...path, "provider"], {
        what: `there is no provider ${JSON.stringify(provider)}`,
        allowed: known.join(", "),
        hint: near === undefined ? `declare it: providers.${provider}.baseUrl` : `did you mean ${near}?`,
      })
    }
    if (gguf !== null && provider !== "perdure")
      this.#add([...path, "gguf"], { what: "a GGUF file runs in this process", allowed: 'provider "perdure", or none' })
    if (!does.chat && !does.embeddings)
      this.#add([...path, "does"], { what: "the deployment does nothing", allowed: "chat: true, embeddings: true, or both" })
    return {
      provider,
      model: input.model ?? basename(gguf ?? "", ".gguf"),
      price:
        input.price === undefined
          ? null
          : { ...input.price, cachedInputPerMillionUsd: input.price.cachedInputPerMillionUsd ?? input.price.inputPerMillionUsd },
      does,
      contextTokensMax: input.contextTokensMax ?? null,
      gguf,
    }
  }

  #secret(input: SecretInput, path: Path, isSecret: (text: string) => boolean): Secret | null {
    if (input === undefined) return null
    if (typeof input === "string") return this.#literal(input, path, isSecret)
    const { env, file } = input
    if ((env === undefined) === (file === undefined)) {
      this.#add(path, { what: "names neither a variable nor a file, or both", allowed: "{ env: NAME } or { file: path }" })
      return null
    }
    if (env !== undefined) {
      const found = secretFromEnvironment(env, this.#context.variables)
      if (found instanceof Secret) return found
      this.#add(path, found)
      return null
    }
    return this.#secretFile(file ?? "", path)
  }

  /** A literal may stand where it is no secret, where it came from the environment, or in development. */
  #literal(text: string, path: Path, isSecret: (text: string) => boolean): Secret {
    const source = this.#context.overrideAt(path)
    if (source !== undefined) return new Secret(text, source)
    const written = this.#context.source.writtenAt(path)
    if (written !== undefined) return new Secret(text, written)
    const isFromEnvironment = Object.values(this.#context.variables).includes(text)
    if (isSecret(text) && !isFromEnvironment && !this.#context.isDev) {
      this.#add(path, {
        what: "a secret is written into the file",
        allowed: "{ env: NAME } or { file: path }",
        hint: "move it to the environment or a file; only perdure dev lets it through",
      })
    }
    return new Secret(text, "literal")
  }

  #secretFile(file: string, path: Path): Secret | null {
    const absolute = resolve(this.#context.source.directory, file)
    try {
      if (statSync(absolute).size > secretFileBytesMax) throw new Error(`larger than ${secretFileBytesMax} bytes`)
      const text = readFileSync(absolute, "utf8").trim()
      if (text === "") throw new Error("the file is empty")
      return new Secret(text, `file ${file}`)
    } catch (error) {
      this.#add(path, { what: `the secret's file ${file} cannot be used: ${messageOf(error)}`, hint: "check the path and its permissions" })
      return null
    }
  }

  #add(path: Path, text: Text, part: "key" | "value" = "value"): void {
    this.problems.push(problemAt(path, part, text, this.#context))
  }
}

function limitsOf(given: ParsedConfig["limits"]): Limits {
  const set = Object.entries(given).filter((entry): entry is [string, number] => entry[1] !== undefined)
  return { ...defaultLimits, ...Object.fromEntries(set) }
}
