// Takes deleted data out of the tables and the log of a Postgres server, as far as the role of the connection may.
import type { ClientConfig } from "pg"
import { rewriteTable, tablesToScrub, type Scrubbed, type Scrubber, type ScrubOptions, type ScrubReach } from "../scrub.ts"
import { clearLog, logHolders } from "./clear-log.ts"
import { findBytesOn } from "./find-bytes.ts"
import { logCopies } from "./log-copies.ts"
import { boundaryNow, snapshotHolders, waitForSnapshots } from "./old-snapshots.ts"
import { canClear, grantsToClear, grantsToRead, rightsOf } from "./scrub-rights.ts"
import { takeTurn, withScrubSession, type ScrubSession } from "./scrub-session.ts"

export function createScrubber(config: ClientConfig): Scrubber {
  return {
    scrub: (options) => withScrubSession(config, options.signal, (session) => scrub(session, options)),
    findBytes: (patterns, options) => withScrubSession(config, options.signal, (session) => findBytesOn(session, patterns, options)),
    reach: () => withScrubSession(config, undefined, reach),
  }
}

async function scrub(session: ScrubSession, options: ScrubOptions): Promise<Scrubbed> {
  const boundary = await boundaryNow(session)
  await takeTurn(session)
  const rights = await rightsOf(session)
  const seenBy = await waitForSnapshots(session, boundary, options)
  let rewritten = await rewriteTables(session, options)
  const stillSeenBy = seenBy.length === 0 ? [] : await snapshotHolders(session, boundary)
  // Who held rows when a table was copied may be gone by now.
  if (seenBy.length > 0 && stillSeenBy.length === 0) rewritten = await rewriteTables(session, options)
  if (rights.statistics) await session.query("vacuum (full) pg_catalog.pg_statistic")
  const log = await clearLog(session, rights, options)
  return {
    ...rewritten,
    logCleared: log.cleared,
    server: {
      heldBy: [...stillSeenBy, ...log.heldBy],
      copies: await logCopies(session),
      grantsToClear: grantsToClear(rights) ?? null,
      grantsToRead: grantsToRead(rights) ?? null,
      statistics: rights.statistics,
    },
  }
}

async function rewriteTables(
  session: ScrubSession,
  { rewriteBytesMax, tables: only, onProgress }: ScrubOptions,
): Promise<Pick<Scrubbed, "rewritten" | "vacuumed">> {
  const vacuumed: string[] = []
  let rewritten = 0
  const tables = await tablesToScrub(session, only)
  for (const [index, table] of tables.entries()) {
    onProgress?.("tables", index, tables.length)
    if (await rewriteTable((text) => session.query(text), table, rewriteBytesMax)) rewritten += 1
    else vacuumed.push(table.name)
  }
  return { rewritten, vacuumed }
}

async function reach(session: ScrubSession): Promise<ScrubReach> {
  const rights = await rightsOf(session)
  return {
    clears: canClear(rights),
    reads: rights.read,
    grants: [grantsToClear(rights), grantsToRead(rights)].filter((grant) => grant !== undefined),
    heldBy: await logHolders(session),
  }
}
