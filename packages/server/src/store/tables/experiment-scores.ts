// Sums of scores per variant, kept by the triggers of feedback.
import type { Queryable } from "../port.ts"

export interface StoredScoreSums {
  variant: string
  content: string
  score: string
  count: number
  sum: number
  squares: number
  /** Those that are not from 0 to 1. */
  outside: number
}

export function scoresOf(db: Queryable, projectId: string, name: string): Promise<StoredScoreSums[]> {
  const text = `select variant, content, score, count, sum, squares, outside from experiment_scores
    where project_id = $1 and name = $2 and count > 0 order by score, variant`
  return db.query<StoredScoreSums>(text, [projectId, name])
}

/** Experiments that have any scores, in all projects. */
export function scoredExperiments(db: Queryable): Promise<{ projectId: string; name: string }[]> {
  return db.query(`select distinct project_id as "projectId", name from experiment_scores`)
}
