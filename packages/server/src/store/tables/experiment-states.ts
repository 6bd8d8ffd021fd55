// How each experiment stands: running, paused or promoted, and the weights that sampling or a person gave it.
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredExperimentState {
  name: string
  status: "running" | "paused" | "promoted"
  winner: string | null
  /** By variant; null: as declared. */
  weights: Readonly<Record<string, number>> | null
  /** Of what the weights are. */
  basis: string
  sampledAt: number | null
}

const columns = `name, status, winner, weights, basis, sampled_at as "sampledAt"`

export function statesOfProject(db: Queryable, projectId: string): Promise<StoredExperimentState[]> {
  return db.query<StoredExperimentState>(`select ${columns} from experiment_states where project_id = $1`, [projectId])
}

/** When the scores were last looked at, which is no change that anybody is told of. */
export async function lastSampling(db: Queryable, projectId: string, name: string): Promise<number | null> {
  const text = `select sampled_at as "sampledAt" from experiment_states where project_id = $1 and name = $2`
  return (await db.query<{ sampledAt: number | null }>(text, [projectId, name]))[0]?.sampledAt ?? null
}

/** Locked for the rest of the transaction; made where there is none. */
export async function lockState(db: Queryable, projectId: string, name: string, basis: string): Promise<StoredExperimentState> {
  await db.query("insert into experiment_states (project_id, name, basis) values ($1, $2, $3) on conflict do nothing", [
    projectId,
    name,
    basis,
  ])
  const text = `select ${columns} from experiment_states where project_id = $1 and name = $2 for update`
  const [state] = await db.query<StoredExperimentState>(text, [projectId, name])
  return state ?? { name, status: "running", winner: null, weights: null, basis, sampledAt: null }
}

export async function putState(
  db: Queryable,
  projectId: string,
  { name, status, winner, weights, basis }: Omit<StoredExperimentState, "sampledAt">,
): Promise<void> {
  const text = `insert into experiment_states (project_id, name, status, winner, weights, basis) values ($1, $2, $3, $4, $5::jsonb, $6)
    on conflict (project_id, name) do update set status = excluded.status, winner = excluded.winner, weights = excluded.weights, basis = excluded.basis`
  await db.query(text, [projectId, name, status, winner, weights === null ? null : jsonText(weights), basis])
}

/** True for one process at a time, until its transaction ends; nobody waits. */
export async function tryLockSampling(db: Queryable, projectId: string, name: string): Promise<boolean> {
  const text = "select pg_try_advisory_xact_lock(hashtextextended('perdure experiment ' || $1 || ' ' || $2, 0)) as taken"
  return (await db.query<{ taken: boolean }>(text, [projectId, name]))[0]?.taken === true
}

/** Notes a look at the scores; false where the last one is not long enough ago by the database's clock. */
export async function noteSampling(db: Queryable, projectId: string, name: string, everyMs: number): Promise<boolean> {
  const due = await db.query(
    `update experiment_states set sampled_at = now() where project_id = $1 and name = $2
      and (sampled_at is null or sampled_at <= now() - $3::float8 * interval '1 millisecond') returning name`,
    [projectId, name, everyMs],
  )
  return due.length > 0
}
