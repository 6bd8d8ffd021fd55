// The route of usage: runs, tokens and cost of a time range, grouped by hour, day, model, deployment, principal, user, tag, metadata or kind.
import { usageQuerySchema, type Usage, type UsageQuery, type UsageRow } from "@perdure/contract"
import { Hono } from "hono"
import { overlaps, usageGroupsMax } from "../../accounting/index.ts"
import { AppError, type Clock } from "../../core/index.ts"
import type { HttpEnv } from "../env.ts"
import { readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"
import { pairIn } from "./metadata-filter.ts"

export interface UsageRequest {
  projectId: string
  since: number
  until: number
  groupBy: NonNullable<UsageQuery["groupBy"]>
  interval: NonNullable<UsageQuery["interval"]> | null
  /** Only the runs for this end user; null for all of the project. */
  user: string | null
  /** Only those with that tag, those that said that of themselves. */
  tag: string | undefined
  metadata: { key: string; value: string } | undefined
}

/** Sums over the runs of one project, or of one of its end users, that began in `[since, until)`. */
export type ReadUsage = (request: UsageRequest) => Promise<(Omit<UsageRow, "time"> & { time: string | null })[]>

export interface UsageRoutesOptions {
  readUsage: ReadUsage
  clock: Clock
}

const rangeDefaultMs = 30 * 24 * 60 * 60_000

export function createUsageRoutes(options: UsageRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/usage", async (context) => answer(await usageOf(options, context.get("principal"), readQuery(context, usageQuerySchema))))
  return routes
}

/** Of a project, or of one of its end users alone. */
export async function usageOf(
  { readUsage, clock }: UsageRoutesOptions,
  { projectId, user }: Pick<UsageRequest, "projectId" | "user">,
  query: UsageQuery,
): Promise<Usage> {
  const { until = clock.now() + 1, since = until - rangeDefaultMs, groupBy = "day", interval = null, tag, metadata } = query
  if (since >= until) throw new AppError("invalid_request", `'since' (${since}) must be before 'until' (${until}).`, { param: "since" })
  const range = { projectId, user, since, until, tag, metadata: pairIn(metadata) }
  const rows = await readUsage({ ...range, groupBy, interval })
  // A run counts for each of its tags, but once in the total, which has the groups too that are left out.
  const overlapping = overlaps(groupBy)
  const complete = rows.length < usageGroupsMax
  const once = overlapping || !complete ? await readUsage({ ...range, groupBy: "kind", interval: null }) : rows
  const shown = rows.map(({ time, ...row }) => (time === null ? row : { ...row, time }))
  return { rows: shown, total: totalOf(once), overlapping, complete }
}

function totalOf(rows: readonly Omit<UsageRow, "time">[]): UsageRow {
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
