// Takes deleted data out of the tables of a Postgres server, on a connection of its own without a time limit. Log, replicas and backups are not ours.
import { Client, type ClientConfig } from "pg"
import { rewriteTable, tablesToScrub, type Scrubbed, type Scrubber, type ScrubOptions } from "../scrub.ts"
import { mapPostgresError } from "./statements.ts"

/** A rewrite needs the table for itself: it is tried this long, or all who use the table would queue up behind it. */
const lockTimeoutMs = 3_000

export function createScrubber(config: ClientConfig): Scrubber {
  return {
    scrub: (options) => scrub(config, options),
    findBytes: () => Promise.resolve({ files: null, containing: [] }),
  }
}

async function scrub(config: ClientConfig, { rewriteBytesMax, tables }: ScrubOptions): Promise<Scrubbed> {
  const client = new Client({ ...config, application_name: "perdure scrub" })
  try {
    await client.connect()
    const run = (text: string): Promise<unknown> => client.query(text)
    await run(`set lock_timeout = ${lockTimeoutMs}`)
    const query = async <Row extends object>(text: string): Promise<Row[]> => (await client.query(text)).rows as Row[]
    const vacuumed: string[] = []
    let rewritten = 0
    for (const table of await tablesToScrub({ query }, tables)) {
      if (await rewriteTable(run, table, rewriteBytesMax)) rewritten += 1
      else vacuumed.push(table.name)
    }
    return { rewritten, vacuumed, logCleared: null }
  } catch (error) {
    throw mapPostgresError(error, true)
  } finally {
    await client.end().catch(() => undefined)
  }
}
