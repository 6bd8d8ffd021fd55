// Paths that are passed through: whether their names lead to a provider that has an address, and whether they are free.
import { isOwnPath } from "@perdure/contract"
import type { Path } from "./paths.ts"
import { providerType } from "./provider-types.ts"
import type { AddProblem } from "./resolve-provider.ts"
import type { ParsedPassThrough } from "./schema/pass-through.ts"
import type { Config, PassThroughConfig } from "./types.ts"

export interface ResolvePassThroughOptions {
  providers: Config["providers"]
  origin: (path: Path) => string
  add: AddProblem
}

export function resolvePassThrough(input: readonly ParsedPassThrough[], options: ResolvePassThroughOptions): PassThroughConfig[] {
  return input.map((each, index): PassThroughConfig => {
    const at = ["passThrough", index]
    checkPath(input, index, options.add)
    checkProvider(each.provider, [...at, "provider"], options)
    return { ...each, paths: each.paths ?? null, projects: each.projects ?? null, origin: options.origin(at) }
  })
}

function checkPath(input: readonly ParsedPassThrough[], index: number, add: AddProblem): void {
  const { path } = input[index]! // of its own list
  if (isOwnPath(path))
    add(["passThrough", index, "path"], { what: `${path} is a path of the server itself`, allowed: "another first part, such as /openai" })
  if (/\/\.\.?(?:\/|$)/.test(path))
    add(["passThrough", index, "path"], { what: `${path} has a part that is no name`, allowed: "a path such as /openai" })
  if (input.findIndex((other) => other.path === path) !== index)
    add(["passThrough", index, "path"], { what: `${path} is there already`, allowed: "a path of its own" })
}

function checkProvider(name: string, path: Path, { providers, add }: ResolvePassThroughOptions): void {
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined
  if (provider === undefined)
    return add(path, {
      what: `there is no provider ${JSON.stringify(name)} in providers`,
      allowed: Object.keys(providers).join(", ") || "a declared provider",
      hint: `declare it: providers.${name}`,
    })
  const { title } = providerType(provider.type)
  if (provider.type === "bedrock")
    add(path, { what: `requests to ${title} are signed with their bodies, which are not read here`, allowed: "a provider of another type" })
  else if (provider.baseUrl === null) add(path, { what: `${title} has no address`, allowed: "a provider with a baseUrl" })
}
