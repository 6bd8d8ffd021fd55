// Spaces: how the vectors of one embedding model are fused with the other signals in a project.
import type { JsonObject } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredSpace {
  model: string
  /** Of the model's weights, where they are known: other weights are another space. */
  weightsHash: string | null
  dimensions: number
  fusion: JsonObject
  fittedAt: number
}

export async function putSpace(db: Queryable, projectId: string, space: StoredSpace): Promise<void> {
  await db.query(
    `insert into spaces (project_id, model, weights_hash, dimensions, fusion, fitted_at) values ($1, $2, $3, $4, $5::jsonb, to_timestamp($6::float8 / 1000))
     on conflict (project_id, model) do update
     set weights_hash = excluded.weights_hash, dimensions = excluded.dimensions, fusion = excluded.fusion, fitted_at = excluded.fitted_at`,
    [projectId, space.model, space.weightsHash, space.dimensions, jsonText(space.fusion), space.fittedAt],
  )
}

export async function findSpace(db: Queryable, projectId: string, model: string): Promise<StoredSpace | undefined> {
  const [space] = await db.query<StoredSpace>(
    `select model, weights_hash as "weightsHash", dimensions, fusion, fitted_at as "fittedAt" from spaces where project_id = $1 and model = $2`,
    [projectId, model],
  )
  return space
}

/** Notes in which space the project's vectors are from now on; the one of before, undefined where none was noted. */
export async function useSpace(tx: Queryable, projectId: string, space: string, now: number): Promise<string | undefined> {
  const [before] = await tx.query<{ space: string }>(`select space from embedding_spaces where project_id = $1 for update`, [projectId])
  if (before?.space !== space) {
    await tx.query(
      `insert into embedding_spaces (project_id, space, since) values ($1, $2, to_timestamp($3::float8 / 1000))
       on conflict (project_id) do update set space = excluded.space, since = excluded.since`,
      [projectId, space, now],
    )
  }
  return before?.space
}

/** What has vectors of another space is to be embedded anew: memories by their upkeep, files of vector stores by reading them again. */
export async function embedAnew(tx: Queryable, projectId: string, space: string): Promise<void> {
  await tx.query(`update episodes set upkept_at = null where project_id = $1 and expired_at is null and upkept_at is not null`, [projectId])
  await tx.query(
    `update memory_versions set upkept_at = null
     where project_id = $1 and upkept_at is not null and (head or ended_by in ('refine', 'supersede', 'retract', 'expire'))`,
    [projectId],
  )
  // Under the id of a run that is not there yet: the server starts it.
  await tx.query(
    `update vector_store_files f set status = 'in_progress', stage = 'queued', parts_done = 0, parts_total = 0,
       run_id = 'run_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' ||
         substr(replace(gen_random_uuid()::text, '-', ''), 14)
     where f.project_id = $1 and f.status = 'completed' and exists (
       select from vector_store_segments s
       where s.project_id = f.project_id and s.vector_store_id = f.vector_store_id and s.file_id = f.file_id and s.model <> $2)`,
    [projectId, space],
  )
}
