// Opens a realtime session at a deployment: its WebSocket, or why there is none, told like any failure of a provider.
import type { IncomingMessage } from "node:http"
import { WebSocket } from "ws"
import { messageOf } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { errorOfStatus, errorOfTransport, UpstreamError } from "../upstream-error.ts"
import { callTimeouts, type TimeoutLimits, type UpstreamTarget } from "../upstreams.ts"

export interface ConnectRealtimeOptions {
  deployment: Deployment
  target: UpstreamTarget
  /** Beside those that every call of the deployment carries. */
  headers: Readonly<Record<string, string>>
  /** A session that only transcribes has no model in its address. */
  transcribes: boolean
  messageBytesMax: number
  limits: TimeoutLimits
}

const errorBodyBytesMax = 64 * 1024
/** A provider that does not answer a close is left behind. */
const closeTimeoutMs = 2_000

/** Resolves with a connection that is open and not read yet. */
export function connectRealtime(options: ConnectRealtimeOptions, signal: AbortSignal): Promise<WebSocket> {
  const { deployment, target, limits, messageBytesMax } = options
  const { connectMs } = callTimeouts(deployment.timeouts, limits)
  const { "content-type": _json, ...fixed } = target.headers
  const settings = { perMessageDeflate: false, maxPayload: messageBytesMax, handshakeTimeout: connectMs, closeTimeout: closeTimeoutMs }
  const socket = new WebSocket(addressOf(options), [], { ...settings, headers: { ...fixed, ...options.headers } })
  return new Promise((resolve, reject) => {
    const give = (error: unknown): void => {
      reject(error)
      socket.terminate()
    }
    const onAbort = (): void => give(signal.reason)
    signal.addEventListener("abort", onAbort, { once: true })
    // Also after it is open: an error without a listener would end the process.
    socket.on("error", (error) => give(transportError(deployment, error, limits)))
    socket.on("unexpected-response", (_request, response) => void refusalOf(deployment, response).then(give))
    socket.once("open", () => {
      signal.removeEventListener("abort", onAbort)
      if (signal.aborted) return onAbort()
      socket.pause()
      resolve(socket)
    })
    if (signal.aborted) onAbort()
  })
}

function addressOf({ deployment, target, transcribes }: ConnectRealtimeOptions): string {
  const url = new URL(target.pathOf("/realtime"), target.origin.replace(/^http/, "ws"))
  // Azure's dated versions name their deployment so.
  const isDated = deployment.provider === "azure" && url.searchParams.has("api-version")
  if (transcribes) url.searchParams.set("intent", "transcription")
  if (!transcribes || isDated) url.searchParams.set(isDated ? "deployment" : "model", deployment.upstreamModel)
  return url.href
}

function transportError(deployment: Deployment, error: Error, limits: TimeoutLimits): UpstreamError {
  if (messageOf(error) !== "Opening handshake has timed out") return errorOfTransport(deployment, error, limits)
  const { connectMs } = callTimeouts(deployment.timeouts, limits)
  return new UpstreamError("upstream_timeout", `the provider of "${deployment.id}" opened no session within ${connectMs} ms`, {
    retryable: true,
    failure: "timeout",
    hint: 'The limit is "connectTimeoutMs", or "connectMs" of the deployment.',
    cause: error,
  })
}

async function refusalOf(deployment: Deployment, response: IncomingMessage): Promise<UpstreamError> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer) // no encoding was set
      bytes += (chunk as Buffer).length
      if (bytes > errorBodyBytesMax) break
    }
  } catch {
    // what came of it is told
  }
  const status = response.statusCode ?? 502
  if (status < 400) {
    const message = `the provider of "${deployment.id}" answered ${status} instead of opening a session`
    return new UpstreamError("upstream_error", message, { retryable: true, failure: "server" })
  }
  return errorOfStatus(deployment, status, Buffer.concat(chunks).toString(), response.headers)
}
