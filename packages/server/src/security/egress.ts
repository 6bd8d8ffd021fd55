// The one way out to addresses that a client, a model or a tool named: checked before the look-up, pinned after it, checked again at each redirect.
import { lookup } from "node:dns/promises"
import type { LookupAddress } from "node:dns"
import type { LookupFunction } from "node:net"
import { Client, type Dispatcher } from "undici"
import { AppError, messageOf } from "../core/index.ts"
import { redirected, withoutReserved, type EgressRequest } from "./egress-redirect.ts"
import { blockedPorts, isMetadataAddress, isPublicAddress, literalOf } from "./addresses.ts"
import type { GateDecision } from "./types.ts"

export interface EgressLimits {
  redirectsMax: number
  responseBytesMax: number
  headerBytesMax: number
  connectTimeoutMs: number
  /** From the first look-up to the last byte. */
  totalTimeoutMs: number
}

export const defaultEgressLimits: EgressLimits = {
  redirectsMax: 3,
  responseBytesMax: 16 * 1024 * 1024,
  headerBytesMax: 32 * 1024,
  connectTimeoutMs: 10_000,
  totalTimeoutMs: 60_000,
}

export interface EgressOptions {
  /** Asked with the host and port before anything is looked up; a refusal ends it. */
  allow: (host: string, port: number) => Pick<GateDecision, "allowed" | "rule" | "reason">
  /** Origins that the operator declared, such as `http://127.0.0.1:11434`: they may be private and plain http. Never from an API. */
  declaredOrigins?: readonly string[]
  /** Names and addresses of this server; a request to itself would carry its own rights. */
  ownHosts?: readonly string[]
  limits?: Partial<EgressLimits>
  /** All addresses of a name. */
  resolve?: (hostname: string) => Promise<LookupAddress[]>
}

export interface EgressResponse {
  /** Where it came from, after redirects. */
  url: string
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Ends with `request_too_large` beyond the limit. Must be read to its end or returned. */
  body: AsyncIterable<Uint8Array>
}

export interface Egress {
  request(url: string, request: EgressRequest, signal: AbortSignal): Promise<EgressResponse>
}

export function createEgress(options: EgressOptions): Egress {
  const limits = { ...defaultEgressLimits, ...options.limits }
  const checker = new Checker(options)
  return {
    request: async (url, request, signal) => {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(limits.totalTimeoutMs)])
      try {
        return await follow(url, request, checker, limits, bounded)
      } catch (error) {
        throw signal.aborted || error instanceof AppError ? error : transportError(error, bounded)
      }
    },
  }
}

/** Addresses that may be connected to, and nothing else. */
interface Checked {
  url: URL
  addresses: readonly LookupAddress[]
}

async function follow(
  address: string,
  first: EgressRequest,
  checker: Checker,
  limits: EgressLimits,
  signal: AbortSignal,
): Promise<EgressResponse> {
  let request = withoutReserved(first)
  let from: URL | undefined
  let next = address
  for (let hops = 0; hops <= limits.redirectsMax; hops++) {
    const checked = await checker.check(next, from, signal)
    const { response, close } = await send(checked, request, limits, signal)
    const location = redirectOf(response)
    if (location === undefined)
      return { url: checked.url.href, status: response.statusCode, headers: response.headers, body: boundedBody(response, close, limits) }
    await close()
    const target = resolved(location, checked.url)
    request = redirected(request, response.statusCode, checked.url, target)
    next = target.href
    from = checked.url
  }
  throw new AppError("policy_denied", `The address ${hostOf(address)} redirects more than ${limits.redirectsMax} times.`)
}

class Checker {
  readonly #allow: EgressOptions["allow"]
  readonly #declared: ReadonlySet<string>
  readonly #own: ReadonlySet<string>
  readonly #resolve: NonNullable<EgressOptions["resolve"]>

  constructor({ allow, declaredOrigins = [], ownHosts = [], resolve }: EgressOptions) {
    this.#allow = allow
    this.#declared = new Set(declaredOrigins.map((origin) => new URL(origin).origin))
    this.#own = new Set(ownHosts.map((host) => bareHost(host)))
    this.#resolve = resolve ?? ((hostname) => lookup(hostname, { all: true }))
  }

  /** `from` is where a redirect came from: it may stay on a declared origin, but never lead to one. */
  async check(address: string, from: URL | undefined, signal: AbortSignal): Promise<Checked> {
    signal.throwIfAborted()
    if (!URL.canParse(address))
      throw new AppError("invalid_request", "That is no address: an absolute https address is needed.", { param: "url" })
    const url = new URL(address)
    const isDeclared = this.#declared.has(url.origin) && (from === undefined || from.origin === url.origin)
    this.#checkForm(url, from, isDeclared)
    const host = bareHost(url.hostname)
    const port = portOf(url)
    const decision = this.#allow(host, port)
    if (!decision.allowed) throw new AppError("policy_denied", `"${host}:${port}" may not be opened: ${decision.reason} (${decision.rule})`)
    const literal = literalOf(url.hostname)
    const addresses =
      literal === undefined ? await this.#lookUp(host, signal) : [{ address: literal, family: literal.includes(":") ? 6 : 4 }]
    if (isDeclared && addresses.some(({ address }) => isMetadataAddress(address)))
      throw refused(url, "it is a link-local address, where a cloud gives credentials", "No tool and no document is there.")
    const isOpen =
      addresses.length > 0 && addresses.every(({ address }) => isDeclared || (isPublicAddress(address) && !this.#own.has(address)))
    if (!isOpen)
      throw refused(url, "it is not a public address", "Servers in a private network are declared in the configuration, under providers.")
    return { url, addresses }
  }

  #checkForm(url: URL, from: URL | undefined, isDeclared: boolean): void {
    if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(url, `the scheme "${url.protocol}" is not https`)
    if (url.hostname === "") throw refused(url, "it names no host")
    if (url.username !== "" || url.password !== "") throw refused(url, "it carries credentials")
    if (blockedPorts.has(portOf(url))) throw refused(url, `port ${portOf(url)} belongs to another protocol`)
    if (from?.protocol === "https:" && url.protocol === "http:") throw refused(url, "the redirect leaves https")
    if (url.protocol === "http:" && !isDeclared) throw refused(url, "it is not https")
    if (this.#own.has(bareHost(url.hostname)) && !isDeclared) throw refused(url, "it is this server")
  }

  /** Once per hop: what is checked here is what is connected to. */
  async #lookUp(host: string, signal: AbortSignal): Promise<LookupAddress[]> {
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => aborted.reject(signal.reason)
    signal.addEventListener("abort", onAbort, { once: true })
    try {
      return await Promise.race([this.#resolve(host), aborted.promise])
    } catch (cause) {
      if (signal.aborted) throw cause
      throw new AppError("upstream_error", `The name "${host}" cannot be looked up.`, { cause })
    } finally {
      signal.removeEventListener("abort", onAbort)
      aborted.promise.catch(() => undefined)
    }
  }
}

/** A connection of its own for each hop, so that nothing checked for another request is used again. */
async function send(
  { url, addresses }: Checked,
  { method = "GET", headers = {}, body }: EgressRequest,
  limits: EgressLimits,
  signal: AbortSignal,
): Promise<{ response: Dispatcher.ResponseData; close: () => Promise<void> }> {
  const client = new Client(url.origin, {
    connect: { lookup: pinned(addresses), timeout: limits.connectTimeoutMs },
    maxHeaderSize: limits.headerBytesMax,
    pipelining: 1,
  })
  const close = (): Promise<void> => client.destroy()
  try {
    // Compressed answers are refused: their size is not known before they are unpacked.
    const sent = { "user-agent": "perdure", ...headers, "accept-encoding": "identity" }
    const response = await client.request({
      path: url.pathname + url.search,
      method,
      headers: sent,
      signal,
      ...(body === undefined ? {} : { body }),
    })
    const encoding = response.headers["content-encoding"]
    if (encoding === undefined || encoding === "identity") return { response, close }
    throw new AppError(
      "upstream_error",
      `The address ${url.host} answers with content-encoding "${String(encoding)}", which was not asked for.`,
    )
  } catch (error) {
    await close()
    throw error
  }
}

/** Answers with the checked addresses only, in both forms that Node asks for. */
function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const first = addresses[0]
    if (options.all === true) callback(null, [...addresses])
    else if (first) callback(null, first.address, first.family)
  }
}

async function* boundedBody(
  response: Dispatcher.ResponseData,
  close: () => Promise<void>,
  { responseBytesMax }: EgressLimits,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > responseBytesMax) throw new AppError("request_too_large", `The answer is larger than ${responseBytesMax} bytes.`)
      yield chunk
    }
  } finally {
    await close()
  }
}

function redirectOf({ statusCode, headers }: Dispatcher.ResponseData): string | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined
  const { location } = headers
  return typeof location === "string" ? location : undefined
}

function resolved(location: string, base: URL): URL {
  if (!URL.canParse(location, base)) throw refused(base, "it redirects to something that is no address")
  return new URL(location, base)
}

/** Without brackets, without the dot of a full name, in lower case. */
function bareHost(hostname: string): string {
  return (literalOf(hostname) ?? hostname).replace(/\.+$/, "").toLowerCase()
}

function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port)
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : "given"
}

function refused(url: URL, why: string, hint?: string): AppError {
  return new AppError("policy_denied", `The address ${url.protocol}//${url.host} is not opened: ${why}.`, {
    param: "url",
    ...(hint === undefined ? {} : { hint }),
  })
}

function transportError(error: unknown, signal: AbortSignal): AppError {
  if (signal.aborted) return new AppError("upstream_timeout", "The address did not answer in time.", { cause: error })
  return new AppError("upstream_error", `The address cannot be reached: ${messageOf(error)}`, { cause: error })
}
