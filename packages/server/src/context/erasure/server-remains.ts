// What an erasure leaves on a Postgres server: log that was not cleared, rows that somebody may still see, copies elsewhere; and what to do about each.
import type { Scrubbed } from "../../store/index.ts"
import type { Remainder, Verification } from "./types.ts"

/** `copy`: what is readable in log and copies. */
export function serverRemains(verified: Verification | undefined, scrubbed: Scrubbed | undefined, copy: string): Remainder[] {
  const { server } = scrubbed ?? {}
  const heldBy = verified?.heldBy ?? server?.heldBy ?? []
  const logCleared = verified?.logCleared ?? scrubbed?.logCleared ?? null
  return [
    ...(logCleared === true ? [] : [uncleared(logCleared, server?.grantsToClear ?? null, copy)]),
    ...heldBy.map((holder) => ({
      where: "deleted rows or old log of your Postgres server",
      what: `kept by ${holder}`,
      until: "it is gone and another erasure of the same runs",
    })),
    ...(server?.copies ?? []).map((where) => ({ where, what: copy, until: "you remove it there" })),
    ...unsearched(verified, server?.grantsToRead ?? null),
    ...(server?.statistics === false
      ? [
          {
            where: "statistics of the planner (pg_statistic)",
            what: "samples of deleted values, in free space of the table",
            until: "a superuser runs: vacuum full pg_catalog.pg_statistic;",
          },
        ]
      : []),
  ]
}

function uncleared(logCleared: boolean | null, grants: string | null, copy: string): Remainder {
  const where = "write-ahead log of your Postgres server"
  if (logCleared === false) return { where, what: copy, until: "what is named below is gone and another erasure of the same runs" }
  const asked = grants === null ? "" : `; or a superuser runs in this database: ${grants} and another erasure of the same clears it`
  return { where, what: copy, until: `the server has written over it${asked}` }
}

function unsearched(verified: Verification | undefined, grants: string | null): Remainder[] {
  if (verified?.files === null) {
    const until =
      grants === null
        ? "another erasure of the same runs"
        : `a superuser runs in this database: ${grants} and another erasure of the same runs`
    return [{ where: "files of your Postgres server", what: "were not searched: this role may not read them", until }]
  }
  const unread = verified?.unread ?? 0
  if (unread === 0) return []
  const what = `${unread} were not searched, or not to their end (the limit erasureReadBytesMax, or unreadable)`
  return [{ where: "files of your Postgres server", what, until: "the limit is raised and another erasure of the same runs" }]
}
