// What of a request goes on to where it is redirected, and which headers a caller may not set at all.
import { AppError } from "../core/index.ts"

export interface EgressRequest {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE"
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
}

/** Headers of the caller stay on their origin: they may hold credentials under any name. */
export function redirected(request: EgressRequest, status: number, from: URL, to: URL): EgressRequest {
  const { method = "GET", headers = {}, body } = request
  const keepsMethod = status === 307 || status === 308 || method === "GET" || method === "HEAD"
  const isSameOrigin = from.origin === to.origin
  if (keepsMethod && body !== undefined && !isSameOrigin)
    throw new AppError("policy_denied", `The redirect to ${to.host} would carry the body of the request to another host.`, { param: "url" })
  const kept = isSameOrigin ? headers : headersNamed(headers, ["accept", "accept-language"])
  if (keepsMethod) return { method, headers: kept, ...(body === undefined ? {} : { body }) }
  return { method: "GET", headers: withoutHeaders(kept, ["content-type"]) }
}

const reservedHeaders = [
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
  "keep-alive",
  "expect",
  "proxy-authorization",
  "proxy-connection",
  "accept-encoding",
]

export function withoutReserved(request: EgressRequest): EgressRequest {
  return request.headers === undefined ? request : { ...request, headers: withoutHeaders(request.headers, reservedHeaders) }
}

function withoutHeaders(headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())))
}

function headersNamed(headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name.toLowerCase())))
}
