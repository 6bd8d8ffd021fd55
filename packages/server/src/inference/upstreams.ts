// Connections to providers by origin, and where each deployment's routes are on it.
import { Pool, type Dispatcher } from "undici"
import { AppError, type Limits } from "../core/index.ts"
import { PlainPool } from "./plain-http/plain-pool.ts"
import type { SignRequest } from "./providers/sign-request.ts"
import { signerOf } from "./providers/signers.ts"
import { headersOf, pathsOf, type PathOf } from "./providers/target.ts"
import type { CallTimeouts, Deployment } from "./types.ts"

export interface UpstreamTarget {
  pool: Pool
  /** For calls whose cost counts: POST with text, bytes or pieces of bytes. */
  line: Pick<Dispatcher, "dispatch">
  origin: string
  /** The whole path of a route of this deployment: `/chat/completions` → `/v1/chat/completions`. */
  pathOf: PathOf
  /** The key in its header, and what else every call of this deployment carries. */
  headers: Readonly<Record<string, string>>
  /** Only of providers that sign each request or want a token that expires: makes further headers of one request. */
  sign?: SignRequest
}

export interface Upstreams extends AsyncDisposable {
  /** Base addresses come from the configuration or from discovery: they are trusted, and never from a request. */
  target(deployment: Deployment): UpstreamTarget
  /** Closes the connections to all other places once their calls have ended. */
  keep(deployments: readonly Deployment[]): void
}

export type TimeoutLimits = Pick<Limits, "connectTimeoutMs" | "firstTokenTimeoutMs" | "idleTimeoutMs" | "totalTimeoutMs">
type UpstreamLimits = TimeoutLimits & Pick<Limits, "upstreamConnectionsMax" | "upstreamWaitingMax">

export function createUpstreams({ limits }: { limits: UpstreamLimits }): Upstreams {
  return new PooledUpstreams(limits)
}

class PooledUpstreams implements Upstreams {
  readonly #limits: UpstreamLimits
  readonly #pools = new Map<string, Connections>()
  /** By the object: a replaced registry brings new deployments, and the old ones are forgotten with it. */
  #targets = new WeakMap<Deployment, UpstreamTarget>()

  constructor(limits: UpstreamLimits) {
    this.#limits = limits
  }

  target(deployment: Deployment): UpstreamTarget {
    const known = this.#targets.get(deployment)
    if (known) return known
    if (deployment.baseUrl === null) throw new AppError("server_error", `the deployment "${deployment.id}" has no base URL`)
    const url = new URL(deployment.baseUrl)
    const sign = signerOf(deployment)
    const target: UpstreamTarget = {
      ...this.#pool(url, deployment.timeouts),
      origin: url.origin,
      pathOf: pathsOf(deployment, url.pathname.replace(/\/+$/, "")),
      headers: Object.freeze({ "content-type": "application/json", ...headersOf(deployment) }),
      ...(sign ? { sign } : {}),
    }
    this.#targets.set(deployment, target)
    return target
  }

  keep(deployments: readonly Deployment[]): void {
    this.#targets = new WeakMap() // what is asked for again opens anew
    const keys = new Set(
      deployments.flatMap(({ baseUrl, timeouts }) => (baseUrl === null ? [] : [this.#keyOf(new URL(baseUrl).origin, timeouts)])),
    )
    for (const [key, { pool, plain }] of this.#pools) {
      if (keys.has(key)) continue
      this.#pools.delete(key)
      plain?.close()
      void pool.close().catch(() => undefined) // it is being destroyed at the end of the process
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    this.#targets = new WeakMap()
    for (const { plain } of pools) plain?.destroy()
    await Promise.all(pools.map(({ pool }) => pool.destroy()))
  }

  #keyOf(origin: string, timeouts: Deployment["timeouts"]): string {
    const { connectMs, firstTokenMs, idleMs } = callTimeouts(timeouts, this.#limits)
    return `${origin} ${connectMs} ${firstTokenMs} ${idleMs}`
  }

  /** Deployments with time limits of their own have connections of their own: the limits belong to the connections. */
  #pool(origin: URL, timeouts: Deployment["timeouts"]): Pick<UpstreamTarget, "pool" | "line"> {
    const { connectMs, firstTokenMs, idleMs } = callTimeouts(timeouts, this.#limits)
    const key = this.#keyOf(origin.origin, timeouts)
    const { upstreamConnectionsMax: connectionsMax, upstreamWaitingMax: waitingMax } = this.#limits
    const known = this.#pools.get(key) ?? {
      pool: new Pool(origin.origin, {
        connections: connectionsMax,
        pipelining: 1,
        connect: { timeout: connectMs },
        headersTimeout: firstTokenMs,
        bodyTimeout: idleMs,
      }),
      plain:
        origin.protocol === "http:"
          ? new PlainPool({ origin, connectionsMax, waitingMax, connectMs, headersMs: firstTokenMs, bodyMs: idleMs })
          : undefined,
    }
    this.#pools.set(key, known)
    return { pool: known.pool, line: known.plain ?? known.pool }
  }
}

/** To one origin. */
interface Connections {
  pool: Pool
  plain: PlainPool | undefined
}

/** A deployment's own limits over those of the configuration. */
export function callTimeouts(own: Partial<CallTimeouts> | undefined, limits: TimeoutLimits): CallTimeouts {
  const { connectTimeoutMs, firstTokenTimeoutMs, idleTimeoutMs, totalTimeoutMs } = limits
  return { connectMs: connectTimeoutMs, firstTokenMs: firstTokenTimeoutMs, idleMs: idleTimeoutMs, totalMs: totalTimeoutMs, ...own }
}
