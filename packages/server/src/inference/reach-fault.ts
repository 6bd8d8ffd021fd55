// Why a provider could not be reached, in words for whoever runs the server: which provider, at which address, what happened, what to do. Never for clients.
import { messageOf } from "../core/index.ts"
import type { Deployment } from "./types.ts"

/** A type, not an interface: it is kept in records and events as plain JSON. */
export type ReachFault = {
  readonly provider: string
  /** Host and port; null for what has no address of its own. */
  readonly address: string | null
  readonly cause: string
  readonly next: string
}

/** How engines are started that listen on one's own machine. */
const starts: Readonly<Record<string, string>> = {
  ollama: "is Ollama started? `ollama serve`, and `ollama list` shows its models",
  vllm: "is vLLM started? `vllm serve <model>`",
  sglang: "is SGLang started? `python -m sglang.launch_server --model-path <model>`",
  tgi: "is text-generation-inference started?",
  llamacpp: "is llama.cpp's server started? `llama-server -m <file.gguf>`",
  lmstudio: "is LM Studio's local server started?",
}

/** What the words of a cause are made of. */
interface Place {
  readonly provider: string
  readonly host: string
  readonly address: string
  readonly declared: string
}

type Words = (place: Place) => Pick<ReachFault, "cause" | "next">

const refused: Words = ({ provider, host, address, declared }) => ({
  cause: `nothing listens at ${address}`,
  next: `${starts[provider] ?? `start what should listen there, or correct its baseUrl (${declared})`}${isLocal(host) ? "; in a container, localhost is the container itself" : ""}`,
})
const unknownName: Words = ({ host, declared }) => ({
  cause: `no address is known for the name "${host}"`,
  next: `check the spelling of baseUrl (${declared}), then DNS on this machine: getent hosts ${host}`,
})
const noWay: Words = ({ address }) => ({
  cause: `there is no way to ${address} from here`,
  next: `check network, VPN and firewall of this machine: nc -vz ${address.replace(/:(\d+)$/, " $1")}`,
})
const silent: Words = ({ address }) => ({
  cause: `${address} took no connection in time`,
  next: `a firewall may drop it, or the machine is down: nc -vz ${address.replace(/:(\d+)$/, " $1")}`,
})
const broken: Words = ({ address, provider }) => ({
  cause: `${address} broke the connection`,
  next: `look at the log of ${provider === "" ? "what listens there" : provider}: it may have crashed, or a proxy between cuts connections`,
})
const untrusted: Words = ({ address }) => ({
  cause: `the certificate of ${address} is not trusted`,
  next: "give the server the certificate of its authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem perdure start",
})
const otherName: Words = ({ host, declared }) => ({
  cause: `the certificate is for other names than "${host}"`,
  next: `use the name that is in the certificate as baseUrl (${declared})`,
})
const expired: Words = ({ address }) => ({
  cause: `the certificate of ${address} has expired or is not valid yet`,
  next: "renew it, or check the clock of this machine",
})
const notTls: Words = ({ address, declared }) => ({
  cause: `${address} does not speak TLS as it should`,
  next: `it may be plain http: check whether baseUrl begins with the right one of http:// and https:// (${declared})`,
})

const words: Readonly<Record<string, Words>> = {
  ECONNREFUSED: refused,
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  EADDRNOTAVAIL: noWay,
  ETIMEDOUT: silent,
  UND_ERR_CONNECT_TIMEOUT: silent,
  ECONNRESET: broken,
  EPIPE: broken,
  UND_ERR_SOCKET: broken,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: otherName,
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: expired,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  EPROTO: notTls,
}

export function reachFaultOf(
  { provider, baseUrl, origin }: Pick<Deployment, "provider" | "baseUrl" | "origin">,
  error: unknown,
): ReachFault {
  const code = codeOfError(error)
  if (baseUrl === null)
    return { provider, address: null, cause: `${messageOf(error)} (${code})`, next: `check how it is declared (${origin})` }
  const { host, hostname, port, protocol } = new URL(baseUrl)
  const address = port === "" ? `${host}:${protocol === "https:" ? 443 : 80}` : host
  const place = { provider, host: hostname, address, declared: origin }
  const told = words[code]?.(place) ?? {
    cause: `${address} cannot be reached: ${messageOf(error)}`,
    next: `perdure doctor asks each provider; this one is declared at ${origin}`,
  }
  return { provider, address, cause: `${told.cause} (${code})`, next: told.next }
}

/** After which codes a connection had been there: something may have been asked. */
const connected: ReadonlySet<Words> = new Set([broken])

/** Nothing was sent, since there never was a connection. */
export function wasNeverConnected(error: unknown): boolean {
  const told = words[codeOfError(error)]
  return told !== undefined && !connected.has(told)
}

/** Of an error of the transport, however it is wrapped. */
export function codeOfError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOfError(error.errors[0])
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") return error.code
  if (error instanceof Error && error.cause instanceof Error) return codeOfError(error.cause)
  return error instanceof Error ? error.name : "unknown"
}

function isLocal(host: string): boolean {
  return host === "localhost" || host.startsWith("127.") || host === "[::1]"
}
