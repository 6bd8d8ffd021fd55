// Who may use a scope of memory, where not everybody in the project may.
import type { Queryable } from "../port.ts"

export interface StoredGrant {
  /** `user`: an end user that a key acts for. */
  kind: "principal" | "user"
  name: string
  can: string[]
}

export async function replaceGrants(
  tx: Queryable,
  projectId: string,
  scope: string,
  grants: readonly StoredGrant[],
  now: number,
): Promise<void> {
  await tx.query(`delete from scope_grants where project_id = $1 and scope = $2`, [projectId, scope])
  if (grants.length === 0) return
  await tx.query(
    `insert into scope_grants (project_id, scope, grantee_kind, grantee, can, created_at)
     select $1, $2, k, n, string_to_array(c, ','), to_timestamp($6::float8 / 1000) from unnest($3::text[], $4::text[], $5::text[]) as u (k, n, c)`,
    [projectId, scope, grants.map(({ kind }) => kind), grants.map(({ name }) => name), grants.map(({ can }) => can.join(",")), now],
  )
}
