// Whether the user of the database may become the application role: a restored database, or one that is opened by another user, does not bring that along.
import { AppError } from "../core/index.ts"
import type { ScriptRunner } from "./engine.ts"

interface RoleState {
  owner: string
  /** Null where the role does not exist. */
  may: boolean | null
  /** The role may read the tables of projects: false where a dump was restored without its grants. */
  reads: boolean | null
}

/** Lets the user become `perdure_app` where it can; throws where it can't, before a request fails of it. */
export async function ensureApplicationRole(connection: ScriptRunner, mode: "auto" | "check"): Promise<void> {
  let state = await roleState(connection)
  if (state.may === false && mode === "auto") {
    // Whoever may not grant is told so below; another database of this server may be granting at this moment.
    await connection.script(
      `do $$ begin execute format('grant perdure_app to %I', current_user);
       exception when insufficient_privilege or internal_error then null; end $$`,
    )
    state = await roleState(connection)
  }
  if (state.may !== true) {
    const create = state.may === null ? "create role perdure_app nologin; " : ""
    throw new AppError(
      "migration_required",
      `The database user "${state.owner}" may not become perdure_app, the role that sees one project only`,
      {
        hint: `As an administrator of the database: ${create}grant perdure_app to "${state.owner}"`,
      },
    )
  }
  if (state.reads === false)
    throw new AppError("migration_required", "The role perdure_app has no rights on the tables: the dump was restored without its grants", {
      hint: "Restore it again without --no-privileges (--no-acl), into an empty database in which the role perdure_app exists.",
    })
}

async function roleState(connection: ScriptRunner): Promise<RoleState> {
  // From version 16 on a member may be one without the right to become it.
  const text = `with role as (select oid from pg_roles where rolname = 'perdure_app')
    select current_user as owner, (select pg_has_role(current_user, oid, case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) from role) as may,
      (select has_table_privilege(oid, to_regclass('runs'), 'select') from role) as reads`
  const [state] = await connection.query<RoleState>(text)
  return state ?? { owner: "", may: null, reads: null }
}
