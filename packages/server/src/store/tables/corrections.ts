// Which evidence was said instead of which.
import type { Queryable } from "../port.ts"

export async function insertCorrection(tx: Queryable, projectId: string, episodeId: string, corrects: string): Promise<void> {
  const text = `insert into corrections (project_id, episode_id, corrects) values ($1, $2, $3) on conflict do nothing`
  await tx.query(text, [projectId, episodeId, corrects])
}

/** What an episode was said instead of, and what was said instead of it. */
export async function correctionsOf(
  db: Queryable,
  projectId: string,
  episodeId: string,
): Promise<{ corrects: string | null; correctedBy: string | null }> {
  const text = `select (select corrects from corrections where project_id = $1 and episode_id = $2) as corrects,
    (select max(episode_id) from corrections where project_id = $1 and corrects = $2) as "correctedBy"`
  const [found] = await db.query<{ corrects: string | null; correctedBy: string | null }>(text, [projectId, episodeId])
  return found ?? { corrects: null, correctedBy: null }
}
