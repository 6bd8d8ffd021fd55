// Who may still see what was deleted: rows are copied by a rewrite for as long as an old snapshot, a prepared transaction or a slot could ask for them.
import type { ScrubOptions } from "../scrub.ts"
import type { ScrubSession } from "./scrub-session.ts"

const pollMs = 200

/** Transactions that began from now on see none of what is deleted; those before it may. */
export async function boundaryNow(session: ScrubSession): Promise<string> {
  const [row] = await session.query<{ boundary: string }>("select pg_snapshot_xmax(pg_current_snapshot())::text as boundary")
  return row?.boundary ?? "0"
}

/** Waits until nobody sees what was before, at most for `waitMs`; returns who still does. */
export async function waitForSnapshots(
  session: ScrubSession,
  boundary: string,
  { waitMs, onProgress }: Pick<ScrubOptions, "waitMs" | "onProgress">,
): Promise<string[]> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const holders = await snapshotHolders(session, boundary)
    if (holders.length === 0 || waitedMs >= waitMs) return holders
    onProgress?.("old transactions", waitedMs, waitMs)
    await session.pause(pollMs)
  }
}

/** A plain vacuum and sessions of other databases hold nothing; a walsender speaks for the sessions of its standby. */
export async function snapshotHolders(session: ScrubSession, boundary: string): Promise<string[]> {
  const rows = await session.query<{ holder: string }>(
    `with bound as (select age($1::text::xid8::xid) as age)
     select holder from (
       select 'the session ' || pid || coalesce(' (' || coalesce(nullif(application_name, ''), backend_type) || ')', '') as holder
       from pg_stat_activity, bound
       where pid <> pg_backend_pid() and (age(backend_xmin) > bound.age or age(backend_xid) > bound.age)
         and (datid is null or datid = (select oid from pg_database where datname = current_database()))
         and pid not in (select pid from pg_stat_progress_vacuum)
       union all
       select 'the prepared transaction ''' || gid || '''' from pg_prepared_xacts, bound
       where database = current_database() and age(transaction) > bound.age
       union all
       select 'the replication slot ''' || slot_name || '''' from pg_replication_slots, bound
       where age(xmin) > bound.age or age(catalog_xmin) > bound.age
     ) held order by holder`,
    [boundary],
  )
  return rows.map(({ holder }) => holder)
}
