// Where a deployment's routes are and what each of its requests carries: paths, the key in its header, fixed headers.
import { isJsonObject } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { presetOf } from "./presets.ts"

/** `/chat/completions` → the whole path of the request. */
export type PathOf = (route: string) => string

type Placed = Pick<Deployment, "provider" | "upstreamModel" | "settings" | "dialect">

export function pathsOf(deployment: Placed, prefix: string): PathOf {
  if (deployment.provider === "azure") return azurePaths(deployment, prefix)
  if (deployment.provider === "vertex" && deployment.dialect === "openai-chat") return (route) => `${prefix}/endpoints/openapi${route}`
  return (route) => prefix + route
}

/** Azure's v1 API is like OpenAI's; the dated ones have the deployment in the path and the version in the query. */
function azurePaths({ upstreamModel, settings }: Placed, prefix: string): PathOf {
  const version = settings?.["apiVersion"]
  if (typeof version !== "string") {
    const base = prefix.includes("/openai") ? prefix : `${prefix}/openai/v1`
    return (route) => base + route
  }
  const base = prefix.endsWith("/openai") ? prefix : `${prefix}/openai`
  const query = `api-version=${encodeURIComponent(version)}`
  const ofDeployment = `${base}/deployments/${encodeURIComponent(upstreamModel)}`
  return (route) => {
    const ofResource = /^\/(?:responses|models|files|batches|realtime)\b/.test(route)
    return `${ofResource ? base : ofDeployment}${route}${route.includes("?") ? "&" : "?"}${query}`
  }
}

export function headersOf({
  provider,
  apiKey,
  settings = {},
}: Pick<Deployment, "provider" | "apiKey" | "settings">): Record<string, string> {
  const { keyHeader, headers: fixed } = presetOf(provider)
  const headers: Record<string, string> = { ...fixed }
  if (apiKey !== null) headers[keyHeader] = keyHeader === "authorization" ? `Bearer ${apiKey}` : apiKey
  if (provider === "openai") {
    if (typeof settings["organization"] === "string") headers["openai-organization"] = settings["organization"]
    if (typeof settings["project"] === "string") headers["openai-project"] = settings["project"]
  }
  const further = isJsonObject(settings["headers"]) ? settings["headers"] : {}
  for (const [name, value] of Object.entries(further)) if (typeof value === "string") headers[name] = value
  return headers
}
