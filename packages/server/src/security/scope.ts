// What a key may reach: its patterns of models and endpoints, compiled once and kept on the principal, and the two checks that ask them.
import { AppError } from "../core/index.ts"
import { matcherOf } from "./patterns.ts"
import type { Principal } from "./types.ts"

/** Patterns as they were given; an empty list restricts nothing. */
export interface ScopePatterns {
  /** Names, or patterns such as `gpt-*`. */
  readonly models: readonly string[]
  /** Names of route groups (`chat`), paths (`/v1/images/*`), or a method with a path (`GET /v1/files/*`). */
  readonly endpoints: readonly string[]
  /** Of deployments: `eu` allows `eu-west-1` too. */
  readonly regions?: readonly string[] | undefined
}

export interface Scope extends ScopePatterns {
  readonly regions: readonly string[]
  readonly allowsModel: (name: string) => boolean
  readonly allowsEndpoint: (method: string, path: string) => boolean
}

/** Null where nothing is restricted, so that the usual key costs one comparison. */
export function compileScope({ models, endpoints, regions = [] }: ScopePatterns): Scope | null {
  if (models.length === 0 && endpoints.length === 0 && regions.length === 0) return null
  return {
    models,
    endpoints,
    regions,
    allowsModel: models.length === 0 ? anything : matcherOf(models),
    allowsEndpoint: endpoints.length === 0 ? anything : endpointMatcher(endpoints),
  }
}

/** Synchronous, before the model is looked up: the error says what the key may use, and nothing about which models exist. */
export function requireModel({ id, name, scope }: Principal, model: string): void {
  if (scope === null || scope.allowsModel(model)) return
  throw new AppError("model_not_allowed", `the key "${name}" may not use the model "${shortened(model)}", only ${listed(scope.models)}`, {
    param: "model",
    hint: `Ask for one of these, or have the key changed: perdure keys update ${id} --models …`,
  })
}

/** The only regions in which calls of that principal may be served; undefined where any will do. */
export function residencyOf({ scope }: Pick<Principal, "scope">): readonly string[] | undefined {
  return scope === null || scope.regions.length === 0 ? undefined : scope.regions
}

/** `path` as it is routed; a query is left out of account. */
export function requireEndpoint({ id, name, scope }: Principal, method: string, path: string): void {
  if (scope === null || scope.allowsEndpoint(method, path)) return
  throw new AppError(
    "endpoint_not_allowed",
    `the key "${name}" may not call ${method} ${shortened(pathOf(path))}, only ${listed(scope.endpoints)}`,
    {
      hint: `Use a key that may, or have this one changed: perdure keys update ${id} --endpoints …`,
    },
  )
}

/** `chat` of `/v1/chat/completions`; undefined outside `/v1/`. */
export function endpointGroupOf(path: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined
  const end = path.indexOf("/", prefix.length)
  return path.slice(prefix.length, end < 0 ? undefined : end)
}

const prefix = "/v1/"
/** Lists what the key may use and nothing else, and clients read it before all else. */
const openGroup = "models"
/** Tells a key of itself: what it may use, and what its limits are. */
const ownKey = "/v1/keys/me"

function endpointMatcher(endpoints: readonly string[]): Scope["allowsEndpoint"] {
  const groups = new Set([openGroup, ...endpoints.filter((each) => !each.includes("/"))])
  const paths = matcherOf(endpoints.filter((each) => each.startsWith("/")))
  const calls = matcherOf(endpoints.filter((each) => each.includes(" /")))
  return (method, given) => {
    const path = pathOf(given)
    if (path === ownKey && method === "GET") return true
    const group = endpointGroupOf(path)
    return (group !== undefined && groups.has(group)) || paths(path) || calls(`${method} ${path}`)
  }
}

function pathOf(path: string): string {
  const query = path.indexOf("?")
  return query < 0 ? path : path.slice(0, query)
}

function anything(): boolean {
  return true
}

const patternsShownMax = 12
const shownCharactersMax = 200

function listed(patterns: readonly string[]): string {
  const shown = patterns.slice(0, patternsShownMax).join(", ")
  return patterns.length > patternsShownMax ? `${shown} and ${patterns.length - patternsShownMax} more` : shown
}

/** It comes from a request, and the message goes into its record. */
function shortened(text: string): string {
  return text.slice(0, shownCharactersMax)
}
