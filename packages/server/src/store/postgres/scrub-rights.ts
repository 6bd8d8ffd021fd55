// What the role of the connection may do to the server's log and files, and what an administrator would grant it for the rest.
import type { ScrubSession } from "./scrub-session.ts"

export interface ScrubRights {
  /** List `pg_wal`. */
  list: boolean
  checkpoint: boolean
  /** End a segment of the log; without it segments are filled. */
  switch: boolean
  fill: boolean
  /** Read the server's files. */
  read: boolean
  /** Rewrite the planner's statistics, which hold samples of columns. */
  statistics: boolean
  /** The role, quoted. */
  role: string
}

export async function rightsOf(session: ScrubSession): Promise<ScrubRights> {
  const [rights] = await session.query<ScrubRights>(`
    select quote_ident(current_user) as role,
      has_function_privilege('pg_catalog.pg_ls_waldir()', 'execute') as list,
      pg_has_role('pg_checkpoint'::name, 'usage') as checkpoint,
      has_function_privilege('pg_catalog.pg_switch_wal()', 'execute') as switch,
      (select bool_or(has_function_privilege(oid, 'execute')) from pg_proc
       where pronamespace = 'pg_catalog'::regnamespace and proname = 'pg_logical_emit_message') as fill,
      has_function_privilege('pg_catalog.pg_ls_dir(text, boolean, boolean)', 'execute')
        and has_function_privilege('pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)', 'execute') as read,
      (select pg_has_role(datdba, 'usage') from pg_database where datname = current_database()) as statistics`)
  if (rights === undefined) throw new Error("The server did not say what this role may do.")
  return rights
}

export function canClear({ list, checkpoint, switch: canSwitch, fill }: ScrubRights): boolean {
  return list && checkpoint && (canSwitch || fill)
}

/** What a superuser runs in this database so that the log can be cleared; undefined when it can. */
export function grantsToClear(rights: ScrubRights): string | undefined {
  if (canClear(rights)) return undefined
  const { role, list, checkpoint, switch: canSwitch } = rights
  const functions = [...(list ? [] : ["pg_ls_waldir()"]), ...(canSwitch ? [] : ["pg_switch_wal()"])]
  const grants = [
    ...(checkpoint ? [] : [`grant pg_checkpoint to ${role};`]),
    ...(functions.length === 0 ? [] : [`grant execute on function ${functions.join(", ")} to ${role};`]),
  ]
  return grants.join(" ")
}

/** The same for reading the server's files: of all its databases, so it is asked for apart. */
export function grantsToRead({ read, role }: ScrubRights): string | undefined {
  if (read) return undefined
  return `grant execute on function pg_ls_dir(text, boolean, boolean), pg_read_binary_file(text, bigint, bigint, boolean) to ${role};`
}
