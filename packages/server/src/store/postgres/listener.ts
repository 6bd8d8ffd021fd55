// One connection that listens for all channels of the process; it connects again by itself and subscribes anew.
import { Client, escapeIdentifier, type ClientConfig } from "pg"
import { messageOf, sleep } from "../../core/index.ts"
import type { StoreLogger } from "../engine.ts"
import { isStoreError } from "../errors.ts"
import { mapPostgresError } from "./statements.ts"

type Handler = (payload: string) => void

/** States: no client (nobody listens) → connecting → listening → (lost → connecting …) → closed. */
export class PostgresListener {
  readonly #config: ClientConfig
  readonly #logger: StoreLogger
  readonly #handlers = new Map<string, Set<Handler>>()
  readonly #closed = new AbortController()
  #client: Promise<Client> | undefined

  constructor(config: ClientConfig, logger: StoreLogger) {
    this.#config = config
    this.#logger = logger
  }

  async listen(channel: string, onPayload: Handler): Promise<() => Promise<void>> {
    const handlers = this.#handlers.get(channel) ?? new Set<Handler>()
    const first = handlers.size === 0
    // A wrapper of its own: the same function may listen twice.
    const handler: Handler = (payload) => onPayload(payload)
    handlers.add(handler)
    this.#handlers.set(channel, handlers)
    const connecting = (this.#client ??= this.#connect())
    const client = await connecting.catch((error: unknown) => {
      // Nobody tries again for who was refused: the next who asks begins anew.
      if (this.#client === connecting) this.#client = undefined
      handlers.delete(handler)
      if (handlers.size === 0) this.#handlers.delete(channel)
      throw mapPostgresError(error, false)
    })
    if (first) await client.query(`listen ${escapeIdentifier(channel)}`).catch(unlessLost)
    return async () => {
      handlers.delete(handler)
      if (handlers.size > 0 || this.#closed.signal.aborted) return
      this.#handlers.delete(channel)
      await client.query(`unlisten ${escapeIdentifier(channel)}`).catch(() => undefined)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("closed"))
    const client = await this.#client?.catch(() => undefined)
    await client?.end().catch(() => undefined)
  }

  async #connect(): Promise<Client> {
    const client = new Client({ ...this.#config, application_name: "perdure listen" })
    client.on("notification", ({ channel, payload }) => {
      for (const handler of this.#handlers.get(channel) ?? []) handler(payload ?? "")
    })
    // Only what listened can be lost, and once: a connection that could not be made is retried by who asked for it.
    let isListening = false
    const onLost = (): void => {
      if (isListening) this.#reconnect(client)
      isListening = false
    }
    client.on("error", onLost)
    client.on("end", onLost)
    try {
      await client.connect()
      for (const channel of this.#handlers.keys()) await client.query(`listen ${escapeIdentifier(channel)}`)
    } catch (error) {
      client.end().catch(() => undefined)
      throw error
    }
    isListening = true
    return client
  }

  #reconnect(client: Client): void {
    if (this.#closed.signal.aborted) return
    this.#logger.warn({}, "the listening connection was lost, connecting again")
    client.end().catch(() => undefined)
    this.#client = this.#retry()
    this.#client.catch(() => undefined)
  }

  async #retry(): Promise<Client> {
    for (let delayMs = 50, tries = 1; ; delayMs = Math.min(delayMs * 2, 2_000), tries += 1) {
      await sleep(delayMs, this.#closed.signal)
      try {
        const client = await this.#connect()
        this.#logger.info({ tries }, "the listening connection is there again")
        return client
      } catch (error) {
        // The 1st, 2nd, 4th, 8th …: a database that is away for a night must not fill the log.
        if (Number.isInteger(Math.log2(tries)))
          this.#logger.warn({ error: messageOf(error), tries }, "the listening connection can't be made yet")
      }
    }
  }
}

/** Whoever connects again subscribes to all channels. */
function unlessLost(error: unknown): void {
  const mapped = mapPostgresError(error, false)
  if (!isStoreError(mapped) || mapped.code !== "database_unavailable") throw mapped
}
