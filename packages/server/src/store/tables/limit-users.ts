// End users whom limits and alerts name: taken out of what is shown of a counter, whose figures stay.
import type { Queryable } from "../port.ts"

const erased = "[erased]"
/** What is kept of a name in the scope of a counter. */
const nameCharactersMax = 200

/** Rows that name one of them, by table; without `apply` they are only counted. Counters go on: their ids are hashes. */
export async function eraseUsers(
  db: Queryable,
  projectId: string,
  users: readonly string[],
  apply: boolean,
): Promise<Record<string, number>> {
  const names = users.filter((user) => user !== "")
  if (names.length === 0) return {}
  // As `exchangeOf` writes it: a member after it always follows.
  const members = names.map((name) => `"user":${JSON.stringify(name.slice(0, nameCharactersMax))},`)
  const counters = await db.query(
    `with named as (
       select c.id, n.member from limit_counters c join unnest($2::text[]) as n (member) on strpos(c.scope, n.member) > 0
       where c.project_id = $1 order by c.id${apply ? " for update of c" : ""})
     ${
       apply
         ? `update limit_counters c set scope = replace(c.scope, named.member, $3) from named where c.id = named.id returning 1`
         : "select 1 from named where $3::text is not null"
     }`,
    [projectId, members, `"user":${JSON.stringify(erased)},`],
  )
  const alerts = await db.query(
    apply
      ? `update alerts set data = jsonb_set(data, '{scope,user}', to_jsonb($3::text))
         where project_id = $1 and data -> 'scope' ->> 'user' = any($2) returning 1`
      : "select 1 from alerts where project_id = $1 and data -> 'scope' ->> 'user' = any($2) and $3::text is not null",
    [projectId, names, erased],
  )
  const counts = { limit_counters: counters.length, alerts: alerts.length }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}
