// Vectors of large scopes: how a scope comes into their partition, and the search by its approximate index.
import type { Queryable } from "../port.ts"
import {
  conditionText,
  conditionValue,
  placed,
  vectorBytes,
  vectorText,
  type NearestQuery,
  type PlacedVector,
  type VectorRow,
} from "./embeddings.ts"
import type { ScopeKey } from "./word-index.ts"

/** Dimensions that migrations 0021 and 0046 made an index for, those above 2,000 on Postgres alone. */
const indexedDimensions: readonly number[] = [256, 384, 512, 768, 1024, 1536, 2048, 2560, 3072]

/** Whether an approximate index serves such vectors here. */
export async function hasLargeIndex(db: Queryable, dimensions: number): Promise<boolean> {
  if (!indexedDimensions.includes(dimensions)) return false
  const [row] = await db.query<{ found: boolean }>(
    `select to_regclass('large_embeddings_' || $1) is not null and to_regtype('halfvec') is not null
       and exists (select from pg_extension where extname = 'vector' and string_to_array(extversion, '.')::int[] >= array[0, 8]) as found`,
    [String(dimensions)],
  )
  return row?.found === true
}

/**
 * The nearest vectors of a large scope by the approximate index; it may find fewer than there are. Call it in a transaction.
 * The index scan goes on until enough rows pass the filter; its order is only nearly right, and not the order of what is returned.
 */
export async function nearestLarge(db: Queryable, query: NearestQuery, limit: number, halfPrecision: boolean): Promise<PlacedVector[]> {
  const { projectId, scopeId, model, vector, lanes, condition } = query
  const breadth = Math.min(1_000, Math.max(200, limit * 2))
  await db.query(
    `select set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', $1, true),
       set_config('hnsw.max_scan_tuples', '200000', true), set_config('enable_sort', 'off', true)`,
    [String(breadth)],
  )
  const rows = await db.query<VectorRow>(largeQuery(vector.length, halfPrecision, conditionText(condition, "$7")), [
    projectId,
    scopeId,
    model,
    vectorBytes(vector),
    lanes,
    limit,
    conditionValue(condition),
  ])
  await db.query("select set_config('enable_sort', 'on', true)")
  return rows.map(placed)
}

/** The numbers must stand in the text: only so does the planner see that the index fits. */
function largeQuery(dimensions: number, halfPrecision: boolean, condition: string): string {
  const type = `${halfPrecision ? "halfvec" : "vector"}(${Math.trunc(dimensions)})`
  return `select place, piece, ${vectorText("embedding")} as vector from embeddings
    where large and project_id = $1 and scope_id = $2 and model = $3 and lane = any($5) and vector_dims(embedding) = ${Math.trunc(dimensions)}
      and ${condition}
    order by embedding::${type} <#> $4::vector::${type} limit $6`
}

/** Sets how many vectors there are where they may be many, and from `rowsMin` on begins the move to the large partition; true when the scope is on the move. */
export async function beginMove(db: Queryable, { projectId, scopeId }: ScopeKey, rowsMin: number): Promise<boolean> {
  const [scope] = await db.query<{ stage: number }>(
    `with large as (
       select from vector_scopes where project_id = $1 and scope_id = $2 and (stage = 1 or stage = 0 and rows >= $3)
     ), counted as (
       select count(*) as rows from embeddings where exists (select from large) and project_id = $1 and scope_id = $2
     )
     update vector_scopes s set rows = counted.rows, stage = case when counted.rows >= $3 then 1 else s.stage end
     from counted, large where s.project_id = $1 and s.scope_id = $2 returning s.stage`,
    [projectId, scopeId, rowsMin],
  )
  return scope?.stage === 1
}

/**
 * Moves some vectors after a place to the large partition; returns the last place of them. When there were none, the move is over, and it is undefined.
 * What is written while a scope moves goes there by itself, so nothing appears behind the place.
 */
export async function moveSome(db: Queryable, { projectId, scopeId }: ScopeKey, after: number, limit: number): Promise<number | undefined> {
  const moved = await db.query<{ place: number }>(
    `with last as (
       select max(place) as place from (
         select place from embeddings where project_id = $1 and scope_id = $2 and not large and place > $3 order by place limit $4
       ) chosen
     )
     update embeddings e set large = true from last
     where e.project_id = $1 and e.scope_id = $2 and not e.large and e.place > $3 and e.place <= last.place returning e.place`,
    [projectId, scopeId, after, limit],
  )
  if (moved.length > 0) return moved.reduce((most, { place }) => Math.max(most, place), after)
  await db.query(`update vector_scopes set stage = 2 where project_id = $1 and scope_id = $2 and stage = 1`, [projectId, scopeId])
  return undefined
}
