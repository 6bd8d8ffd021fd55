// The connection of one scrub: without time limits, outside of any transaction, ended when its caller gives up.
import { setTimeout as sleep } from "node:timers/promises"
import { Client, type ClientConfig, type QueryConfig } from "pg"
import { mapPostgresError } from "./statements.ts"

/** A rewrite needs the table for itself: it is tried this long, or all who use the table would queue up behind it. */
const lockTimeoutMs = 3_000
/** Another process's scrub is waited for this long: two at once are harmless, but write the log twice. */
const turnWaitMs = 600_000
const turnPollMs = 1_000

export interface ScrubSession {
  /** `values` are texts and numbers. */
  query<Row extends object>(text: string, values?: readonly (string | number)[]): Promise<Row[]>
  /** The only column of the only row, a bytea, as it is; null when it is null. */
  bytes(text: string, values: readonly (string | number)[]): Promise<Uint8Array | null>
  pause(ms: number): Promise<void>
}

export async function withScrubSession<T>(
  config: ClientConfig,
  signal: AbortSignal | undefined,
  work: (session: ScrubSession) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...config, application_name: "perdure scrub" })
  // A connection that breaks rejects its statement; this event must not end the process.
  client.on("error", () => undefined)
  try {
    await client.connect()
    const session = sessionOn(client, signal)
    // Nobody waits for a standby or a slow statement here; the server's defaults may say otherwise.
    await session.query(`set lock_timeout = ${lockTimeoutMs}`)
    await session.query("set statement_timeout = 0")
    await session.query("set synchronous_commit = local")
    return await work(session)
  } catch (error) {
    signal?.throwIfAborted()
    throw mapPostgresError(error, true)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Waits until no other process scrubs this database. The server takes the turn back when the connection ends. */
export async function takeTurn(session: ScrubSession): Promise<void> {
  for (let waitedMs = 0; waitedMs < turnWaitMs; waitedMs += turnPollMs) {
    const [turn] = await session.query<{ taken: boolean }>("select pg_try_advisory_lock(hashtextextended('perdure scrub', 0)) as taken")
    if (turn?.taken === true) return
    await session.pause(turnPollMs)
  }
}

function sessionOn(client: Client, signal: AbortSignal | undefined): ScrubSession {
  return {
    query: async (text, values = []) => {
      signal?.throwIfAborted()
      // Utility statements take no parameters and need none.
      return (await (values.length === 0 ? client.query(text) : client.query(text, [...values]))).rows as never[] // as the caller says
    },
    bytes: async (text, values) => {
      signal?.throwIfAborted()
      const types = { getTypeParser: () => (value: unknown) => value }
      const config = { text, values: [...values], binary: true, types } as unknown as QueryConfig // raw bytes
      const [row] = (await client.query<Record<string, Uint8Array | null>>(config)).rows
      return Object.values(row ?? {})[0] ?? null
    },
    pause: (ms) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
  }
}
