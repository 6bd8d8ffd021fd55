// What `perdure doctor` finds out about the declared providers: each is asked for its list of models, as a call of it would ask. Never a paid call.
import type { JsonObject } from "../core/index.ts"
import { Secret, type Config, type ProviderConfig } from "../config/index.ts"
import { reachFaultOf, readModelNames, type ModelList } from "../inference/index.ts"
import type { Check } from "./doctor-checks.ts"

const timeoutMs = 3_000
/** Names of models that are shown where one is missing. */
const shownMax = 8

export async function providerChecks({ providers, models }: Config): Promise<Check[]> {
  return Promise.all(Object.entries(providers).map(([name, provider]) => providerCheck(name, provider, namesAt(models, name))))
}

/** What the models of the configuration ask this provider for. */
function namesAt(models: Config["models"], provider: string): string[] {
  const deployments = Object.values(models).flatMap((model) => model.deployments)
  const names = deployments.filter((each) => each.provider === provider && each.model !== "*").map((each) => each.model)
  return [...new Set(names)]
}

async function providerCheck(name: string, provider: ProviderConfig, wanted: readonly string[]): Promise<Check> {
  const check = { name: `provider ${name}`, next: `check providers.${name} in the configuration` }
  const { type, baseUrl } = provider
  // They sign each request, or are packages: there is no list that could be asked for in the same way.
  if (baseUrl === null || type === "vertex" || type === "bedrock" || type === "ai-sdk")
    return { ...check, status: "ok", detail: `not asked (${type} has no list of models here): the first call tries its credentials` }
  const place = { provider: type, baseUrl, apiKey: provider.apiKey?.reveal() ?? null, settings: settingsOf(provider) }
  const origin = `providers.${name}.baseUrl`
  const list = await readModelNames(place, AbortSignal.timeout(timeoutMs)).catch((error: unknown) =>
    unreachable({ ...place, origin }, error),
  )
  return { ...check, ...verdictOn(list, baseUrl, type === "azure" ? [] : wanted) }
}

function verdictOn(list: Listed, baseUrl: string, wanted: readonly string[]): Pick<Check, "status" | "detail"> & { next?: string } {
  if (list.outcome === "refused") return { status: "fail", detail: `${baseUrl} refuses the key (${list.status})` }
  if (list.outcome === "unreachable")
    return { status: "warn", detail: `${baseUrl} does not answer: ${list.why}`, ...(list.next === undefined ? {} : { next: list.next }) }
  if (list.outcome === "other") return { status: "warn", detail: `${baseUrl} answers no list of models: ${list.why}` }
  const missing = wanted.filter((name) => !list.names.includes(name))
  if (missing.length === 0) return { status: "ok", detail: `${baseUrl} answers, with ${list.names.length} models` }
  const shown = list.names.length > shownMax ? `${list.names.slice(0, shownMax).join(", ")} …` : list.names.join(", ")
  return {
    status: "warn",
    detail: `${baseUrl} does not list ${missing.join(", ")}; it lists ${shown === "" ? "none" : shown}`,
    next: "check the names of models.<name>.deployments[].model; some providers serve more than they list",
  }
}

/** `next`: where it is known what to do about it. */
type Unreachable = { outcome: "unreachable"; why: string; next?: string }
type Listed = Exclude<ModelList, { outcome: "unreachable" }> | Unreachable

function unreachable(place: Parameters<typeof reachFaultOf>[0], error: unknown): Unreachable {
  if (error instanceof Error && error.name === "TimeoutError") return { outcome: "unreachable", why: `nothing came within ${timeoutMs} ms` }
  const { cause, next } = reachFaultOf(place, error)
  return { outcome: "unreachable", why: cause, next }
}

function settingsOf({ settings, headers }: ProviderConfig): JsonObject {
  return { ...revealed(settings), headers: revealed(headers) }
}

function revealed(values: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]))
}
