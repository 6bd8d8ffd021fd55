// What a person should decide on in a scope: claims against a head, texts that ask for behaviour, what independent sources say.
import type { Queryable } from "../port.ts"

export type ReviewReason = "contradiction" | "directive" | "support" | "corroborated"

export interface StoredReview {
  id: string
  scope: string
  entryId: string
  reason: ReviewReason
  createdAt: number
}

/** Nothing happens where the same is already waiting. */
export async function insertReview(tx: Queryable, projectId: string, review: StoredReview): Promise<void> {
  await tx.query(
    `insert into memory_reviews (project_id, id, scope, entry_id, reason, created_at) values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000))
     on conflict do nothing`,
    [projectId, review.id, review.scope, review.entryId, review.reason, review.createdAt],
  )
}

/** Those that wait, oldest first; `after` is the last id of the page before. */
export function openReviews(
  db: Queryable,
  projectId: string,
  scope: string,
  after: string | undefined,
  limit: number,
): Promise<StoredReview[]> {
  const text = `select id, scope, entry_id as "entryId", reason, created_at as "createdAt" from memory_reviews
    where project_id = $1 and scope = $2 and resolved_at is null and ($3::text is null or id > $3) order by id limit $4`
  return db.query<StoredReview>(text, [projectId, scope, after ?? null, limit])
}

export async function resolveReviews(
  tx: Queryable,
  projectId: string,
  entryIds: readonly string[],
  by: { principal: string; resolution: "confirmed" | "rejected"; now: number },
): Promise<void> {
  await tx.query(
    `update memory_reviews set resolved_at = to_timestamp($3::float8 / 1000), resolved_by = $4, resolution = $5
     where project_id = $1 and entry_id = any($2) and resolved_at is null`,
    [projectId, entryIds, by.now, by.principal, by.resolution],
  )
}
