// Which stored files stood behind what was remembered.
import type { Queryable } from "../port.ts"

export async function insertFilesOf(tx: Queryable, projectId: string, episodeId: string, fileIds: readonly string[]): Promise<void> {
  if (fileIds.length === 0) return
  await tx.query(
    `insert into episode_files (project_id, episode_id, file_id) select $1, $2, f from unnest($3::text[]) as f on conflict do nothing`,
    [projectId, episodeId, fileIds],
  )
}

/** All that were remembered with the file before whoever said them, ended ones too, newest first. */
export async function episodeIdsOfFile(db: Queryable, projectId: string, fileId: string): Promise<string[]> {
  const text = `select episode_id as id from episode_files where project_id = $1 and file_id = $2 order by episode_id desc`
  return (await db.query<{ id: string }>(text, [projectId, fileId])).map(({ id }) => id)
}
