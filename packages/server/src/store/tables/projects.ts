// Projects, which share nothing but the server.
import type { Queryable } from "../port.ts"

/** Whether there is no other one whose facts could be told to it. */
export async function isOnlyProject(db: Queryable, projectId: string): Promise<boolean> {
  const others = await db.query(`select 1 from projects where id <> $1 limit 1`, [projectId])
  return others.length === 0
}
