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
