// The route of usage: runs, tokens and cost of a time range, grouped by hour, day, model, principal or kind.
import { usageQuerySchema, type UsageRow } from "@perdure/contract"
import { Hono } from "hono"
import { AppError, type Clock } from "../../core/index.ts"
import type { HttpEnv } from "../env.ts"
import { readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"

export type UsageGroup = "hour" | "day" | "model" | "principal" | "kind"

/** Sums over the runs of one project that began in `[since, until)`, at most `limit` groups. */
export type ReadUsage = (request: { projectId: string; since: number; until: number; groupBy: UsageGroup }) => Promise<UsageRow[]>

export interface UsageRoutesOptions {
  readUsage: ReadUsage
  clock: Clock
}

const rangeDefaultMs = 30 * 24 * 60 * 60_000

export function createUsageRoutes({ readUsage, clock }: UsageRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/usage", async (context) => {
    const { until = clock.now() + 1, since = until - rangeDefaultMs, groupBy = "day" } = readQuery(context, usageQuerySchema)
    if (since >= until) throw new AppError("invalid_request", `'since' (${since}) must be before 'until' (${until}).`, { param: "since" })
    const rows = await readUsage({ projectId: context.get("principal").projectId, since, until, groupBy })
    return answer({ rows, total: totalOf(rows) })
  })
  return routes
}

function totalOf(rows: readonly UsageRow[]): UsageRow {
  const total: UsageRow = { ...empty }
  for (const row of rows) {
    total.runs += row.runs
    total.failedRuns += row.failedRuns
    total.inputTokens += row.inputTokens
    total.outputTokens += row.outputTokens
    total.cachedTokens += row.cachedTokens
    total.reasoningTokens += row.reasoningTokens
    total.costMicroUsd += row.costMicroUsd
    total.costKnown &&= row.costKnown
  }
  return total
}

const empty: UsageRow = {
  group: "total",
  runs: 0,
  failedRuns: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  costMicroUsd: 0,
  costKnown: true,
}
