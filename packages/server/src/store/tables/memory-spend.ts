// What models cost that work on a scope, by day.
import type { Queryable } from "../port.ts"

export interface MemorySpend {
  calls: number
  inputTokens: number
  outputTokens: number
  costMicroUsd: number
}

const dayMs = 86_400_000

export async function spendOfDay(db: Queryable, projectId: string, scope: string, now: number): Promise<MemorySpend> {
  const [row] = await db.query<MemorySpend>(
    `select calls, input_tokens as "inputTokens", output_tokens as "outputTokens", cost_micro_usd as "costMicroUsd" from memory_spend
     where project_id = $1 and scope = $2 and day = date '1970-01-01' + $3::int`,
    [projectId, scope, Math.floor(now / dayMs)],
  )
  return row ?? { calls: 0, inputTokens: 0, outputTokens: 0, costMicroUsd: 0 }
}

export async function addSpend(db: Queryable, projectId: string, scope: string, now: number, spend: MemorySpend): Promise<void> {
  await db.query(
    `insert into memory_spend as m (project_id, scope, day, calls, input_tokens, output_tokens, cost_micro_usd)
     values ($1, $2, date '1970-01-01' + $3::int, $4, $5, $6, $7)
     on conflict (project_id, scope, day) do update set calls = m.calls + excluded.calls, input_tokens = m.input_tokens + excluded.input_tokens,
       output_tokens = m.output_tokens + excluded.output_tokens, cost_micro_usd = m.cost_micro_usd + excluded.cost_micro_usd`,
    [projectId, scope, Math.floor(now / dayMs), spend.calls, spend.inputTokens, spend.outputTokens, spend.costMicroUsd],
  )
}
