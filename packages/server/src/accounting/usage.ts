// Sums of runs, tokens and money per project: by hour, day, model, key or kind.
import { lightRuns, type Store } from "../store/index.ts"

export type UsageGroup = lightRuns.UsageGroup
export type UsageRow = lightRuns.UsageSum

/** Groups of one answer; by the hour that is three weeks. */
export const usageGroupsMax = 500

export type UsageSummary = (request: { projectId: string; since: number; until: number; groupBy: UsageGroup }) => Promise<UsageRow[]>

/** Sums over the light and durable runs of one project that began in `[since, until)`. */
export function createUsageSummary({ store }: { store: Pick<Store, "project"> }): UsageSummary {
  return ({ projectId, since, until, groupBy }) =>
    lightRuns.usageSums(store.project(projectId), projectId, { from: since, to: until, by: groupBy, groupsMax: usageGroupsMax })
}
