// The server that is killed and started again, always on the same directory and port; clients wait here until it is there.
import { createServer } from "node:net"
import { once } from "node:events"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { startPerdure, type StartedServer } from "../../support/server.ts"
import { between, type Chance } from "./chance.ts"

export interface HostOptions {
  readonly dataDirectory: string
  readonly env: Readonly<Record<string, string>>
  readonly chance: Chance
}

export class Host {
  readonly startsMs: number[] = []
  /** What the server wrote about errors, and ends that nobody asked for. */
  readonly problems: string[] = []
  /** Number of the life that clients may talk to; what fails in a life that goes on is a defect. */
  life = 0
  kills = 0
  readonly #options: HostOptions
  #server: StartedServer | undefined
  #up = Promise.withResolvers<StartedServer>()
  #port = 0
  #apiKey = ""

  constructor(options: HostOptions) {
    this.#options = options
  }

  /** The running server, now or once it is there again. */
  up(): Promise<StartedServer> {
    return this.#up.promise
  }

  async start(): Promise<void> {
    const startedAt = performance.now()
    const server = await this.#spawn()
    this.startsMs.push(performance.now() - startedAt)
    this.#apiKey = server.apiKey
    this.#server = server
    this.life += 1
    const { life } = this
    void server.exited.then((code) => {
      if (this.life === life) this.problems.push(`the server of life ${life} ended by itself with ${code}`)
    })
    this.#up.resolve(server)
  }

  async kill(): Promise<void> {
    this.#up = Promise.withResolvers()
    this.life += 1
    this.kills += 1
    await this.#server?.kill()
    this.#server = undefined
  }

  /** Kills a server that is starting; false when it was faster. */
  async startAndKill(afterMs: number): Promise<boolean> {
    const dying = new AbortController()
    const starting = this.#spawn(dying.signal).catch(() => undefined)
    const winner = await Promise.race([starting, pause(afterMs, "late" as const)])
    dying.abort()
    const server = winner === "late" ? await starting : winner
    await server?.kill()
    this.kills += 1
    return server === undefined
  }

  async #spawn(signal?: AbortSignal): Promise<StartedServer> {
    if (this.#port === 0) this.#port = await freePort(this.#options.chance)
    const { dataDirectory, env } = this.#options
    const config = join(import.meta.dirname, "perdure.config.ts")
    return startPerdure({ dataDirectory, apiKey: this.#apiKey, config, env, port: this.#port, ...(signal ? { signal } : {}) })
  }
}

/** Below the range from which the system gives ports to outgoing connections, so that nobody takes it between two lives. */
async function freePort(chance: Chance): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = between(chance, `port ${attempt}`, 12_000, 30_000)
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true))
    })
    if (!free) continue
    probe.close()
    await once(probe, "close")
    return port
  }
  throw new Error("no free port")
}
