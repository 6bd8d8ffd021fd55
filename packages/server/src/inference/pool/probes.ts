// Active probes: asks engines and declared providers from time to time whether they are there, never by a call of a model.
import type { Limits } from "../../core/index.ts"
import { messageOf } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import type { Upstreams, UpstreamTarget } from "../upstreams.ts"
import { isProbed } from "./engines.ts"
import type { Pool, ProbeResult } from "./types.ts"

export interface ProbesOptions {
  /** Those that may be probed; asked at each round, so that a reload is followed. */
  deployments: () => readonly Deployment[]
  upstreams: Pick<Upstreams, "target">
  pool: Pick<Pool, "probed">
  limits: Pick<Limits, "probeEveryMs" | "probeTimeoutMs">
  now: () => number
}

export interface Probes extends AsyncDisposable {
  /** One round at once; for tests and the first one. */
  round(): Promise<void>
}

/** Engines say by a route of their own whether they serve; it stands beside their API. */
const healthPaths: Readonly<Record<string, string>> = {
  vllm: "/health",
  sglang: "/health",
  tgi: "/health",
  llamacpp: "/health",
  ollama: "/api/version",
}
/** Probes under way at once. */
const atOnceMax = 16

export function createProbes(options: ProbesOptions): Probes {
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const round = async (): Promise<void> => {
    const places = placesOf(options)
    const worker = async (): Promise<void> => {
      for (let place = places.pop(); place && !stopping.signal.aborted; place = places.pop()) await probe(options, place, stopping.signal)
    }
    await Promise.all(Array.from({ length: atOnceMax }, worker))
  }
  const plan = (): void => {
    if (stopping.signal.aborted) return
    timer = setTimeout(() => {
      running = round().finally(plan)
    }, options.limits.probeEveryMs).unref()
  }
  running = round().finally(plan)
  return {
    round,
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      clearTimeout(timer)
      await running
    },
  }
}

interface Place {
  path: string
  target: UpstreamTarget
  deployments: Deployment[]
}

/** Deployments that are asked in the same way at the same address share one probe. */
function placesOf({ deployments, upstreams }: ProbesOptions): Place[] {
  const places = new Map<string, Place>()
  for (const deployment of deployments()) {
    if (!isProbed(deployment) || deployment.baseUrl === null) continue
    const target = upstreams.target(deployment)
    // A signature would have to be made for it; nothing that needs one is an engine.
    if (target.sign) continue
    const own = healthPaths[deployment.provider]
    const path = own === undefined ? target.pathOf("/models") : besideApi(deployment.baseUrl, own)
    const key = `${target.origin} ${path} ${own === undefined ? JSON.stringify(target.headers) : ""}`
    const known = places.get(key)
    if (known) known.deployments.push(deployment)
    else places.set(key, { path, target, deployments: [deployment] })
  }
  return [...places.values()]
}

/** `http://engine/some/v1` → `/some/health`. */
function besideApi(baseUrl: string, path: string): string {
  return new URL(baseUrl).pathname.replace(/\/(?:v1)?\/?$/, "") + path
}

async function probe({ pool, limits, now }: ProbesOptions, { path, target, deployments }: Place, stop: AbortSignal): Promise<void> {
  const startedAt = now()
  const signal = AbortSignal.any([stop, AbortSignal.timeout(limits.probeTimeoutMs)])
  let result: ProbeResult
  try {
    const answer = await target.pool.request({ path, method: "GET", headers: target.headers, signal })
    await answer.body.dump({ limit: answerBytesMax, signal })
    const ms = now() - startedAt
    // A refusal is an answer: keys that may call models may not always list them.
    result = answer.statusCode < 500 ? { ok: true, ms } : { ok: false, ms, why: `HTTP ${answer.statusCode}` }
  } catch (error) {
    result = { ok: false, ms: now() - startedAt, why: reasonOf(error, limits.probeTimeoutMs) }
  }
  if (!stop.aborted) for (const deployment of deployments) pool.probed(deployment, result)
}

/** More of it is not read. */
const answerBytesMax = 4 * 1024 * 1024

/** Without addresses: it is shown to whoever may ask for deployments. */
function reasonOf(error: unknown, timeoutMs: number): string {
  const code = typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : undefined
  if (error instanceof DOMException && error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`
  return code ?? messageOf(error).slice(0, 100)
}
