// Keeps web pages of strangers away from a local port: the Host must be ours (DNS rebinding), an Origin must be the same host.
import type { IncomingHttpHeaders } from "node:http"
import { AppError } from "../core/index.ts"

export interface OriginGuardOptions {
  /** The address that the server listens on. A loopback one admits only local names as Host. */
  boundHost: string
  /** Further hosts (`perdure.example.com`) and origins (`https://app.example.com`). */
  allowedHosts?: readonly string[]
  allowedOrigins?: readonly string[]
}

/** A function that throws `permission_denied` for a request that comes by a strange name or from a strange page. */
export function createOriginGuard({
  boundHost,
  allowedHosts = [],
  allowedOrigins = [],
}: OriginGuardOptions): (headers: IncomingHttpHeaders) => void {
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()))
  const origins = new Set(allowedOrigins)
  const anyHost = !isLoopback(boundHost)
  let lastGood = "" // most requests of a process come by one name
  return ({ host = "", origin }) => {
    if (host !== lastGood) {
      const name = hostname(host)
      if (!anyHost && host !== "" && !isLoopback(name) && !hosts.has(name)) throw refusedHost(name)
      lastGood = host
    }
    if (origin !== undefined && !origins.has(origin) && hostOf(origin) !== host.toLowerCase()) throw refusedOrigin(origin)
  }
}

function refusedHost(name: string): AppError {
  return new AppError("permission_denied", `this server does not answer to the host name "${name}"`, {
    hint: "Use 127.0.0.1 or localhost, name it in server.allowedHosts, or listen on an address that is not a loopback one (server.host).",
  })
}

function refusedOrigin(origin: string): AppError {
  return new AppError("permission_denied", `requests from pages of "${origin}" are not accepted`, {
    hint: "Call the API from a server or from a page that this server delivers; for WebSockets alone, name the origin in server.allowedOrigins.",
  })
}

export function isLoopback(name: string): boolean {
  return name === "localhost" || name === "::1" || name === "[::1]" || name.endsWith(".localhost") || /^127(?:\.\d{1,3}){3}$/.test(name)
}

function hostname(host: string): string {
  const end = host.startsWith("[") ? host.indexOf("]") + 1 : host.lastIndexOf(":")
  return (end > 0 ? host.slice(0, end) : host).toLowerCase()
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : "null"
}
