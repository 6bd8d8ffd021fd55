// LiteLLM's names of routes, and its kinds of keys, as the endpoints that a key is restricted to.
import { apiKeyEndpointsSchema, endpointGroups, isOwnPath, type LiteLlmKeyFields } from "@perdure/contract"
import { AppError } from "../../core/index.ts"
import { endpointGroupOf } from "../../security/index.ts"

const inference = [
  "audio",
  "batches",
  "chat",
  "completions",
  "conversations",
  "embeddings",
  "files",
  "images",
  "messages",
  "models",
  "moderations",
  "realtime",
  "rerank",
  "responses",
  "uploads",
  "vector_stores",
] as const
const reading = ["GET /v1/keys*", "GET /v1/limits*", "GET /v1/usage*", "GET /v1/deployments*", "models"] as const

/** All that LiteLLM lets a key without restrictions call of models. */
export const modelEndpoints: readonly string[] = [...inference, "/mcp"]

const named: Readonly<Record<string, readonly string[]>> = {
  llm_api_routes: modelEndpoints,
  openai_routes: inference,
  anthropic_routes: ["messages"],
  mcp_routes: ["/mcp"],
  info_routes: reading,
}

type Asked = Pick<LiteLlmKeyFields, "allowed_routes" | "key_type">

/** Undefined where neither says anything. */
export function endpointsOf({ allowed_routes: routes, key_type: type }: Asked): string[] | undefined {
  if (type === "management")
    throw new AppError("unsupported_value", `"key_type" is "management", and a key manages only keys that may do no more than itself`, {
      param: "key_type",
      hint: "Leave key_type out: a key without restrictions manages keys where the grants let it.",
    })
  const ofType = type === "llm_api" ? named["llm_api_routes"] : type === "read_only" ? reading : undefined
  if ((routes ?? undefined) === undefined && ofType === undefined) return undefined
  const given = routes && routes.length > 0 ? routes.flatMap((route, index) => endpointsOfRoute(route, index)) : []
  return [...new Set(given.length > 0 ? given : (ofType ?? []))]
}

/** LiteLLM lets a key call what is below a path that it names, too. */
export function passedEndpointsOf(routes: readonly string[]): string[] {
  const endpoints = routes.flatMap((route, index) => {
    const path = route.replaceAll(/\{[^}]*\}/g, "*")
    if (!isPassedPath(path)) throw notPassed(route, index)
    return path.includes("*") ? [path] : [path, `${path.replace(/\/$/, "")}/*`]
  })
  return [...new Set(endpoints)]
}

function isPassedPath(path: string): boolean {
  return path.startsWith("/") && !isOwnPath(path) && apiKeyEndpointsSchema.safeParse([path]).success
}

function notPassed(route: string, index: number): AppError {
  const param = `allowed_passthrough_routes[${index}]`
  return new AppError("unsupported_value", `"${param}" is "${route}", which is no path that could be passed through`, {
    param,
    hint: "Give a path of passThrough in perdure.yaml, such as /openai/*; the server's own paths stand in allowed_routes.",
  })
}

function endpointsOfRoute(route: string, index: number): readonly string[] {
  const known = named[route]
  if (known) return known
  const path = route.replaceAll(/\{[^}]*\}/g, "*")
  const endpoint = path.startsWith("/") && !path.startsWith("/v1/") && path !== "/mcp" ? `/v1${path}` : path
  if (apiKeyEndpointsSchema.safeParse([endpoint]).success && isServed(endpoint)) return [endpoint]
  throw new AppError(
    "unsupported_value",
    `"allowed_routes[${index}]" is "${route}", which is no route of this server that keys are restricted to`,
    {
      param: `allowed_routes[${index}]`,
      hint: `Give a path such as /chat/completions, a group (${inference.join(", ")}, keys, usage), or one of ${Object.keys(named).join(", ")}.`,
    },
  )
}

/** Below a path that is one of a group's; LiteLLM's own admin routes are not: they stand for those of `keys` and `usage`. */
function isServed(endpoint: string): boolean {
  const group = endpointGroupOf(endpoint.slice(endpoint.indexOf(" ") + 1))
  return group === undefined || group.includes("*") || (endpointGroups as readonly string[]).includes(group)
}
