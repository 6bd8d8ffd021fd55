// Sums of runs, tokens and money per project: by hour, day, model, deployment, key, user, tag, metadata or kind, and each of these per hour or day.
import { usage, type MetadataPair, type Store } from "../store/index.ts"

export type UsageGroup = usage.UsageGroup
export type UsageInterval = usage.UsageInterval
export type UsageRow = usage.UsageSum

/** Groups of one answer: a month of days with 160 keys. */
export const usageGroupsMax = 5_000

export interface UsageRequest {
  projectId: string
  since: number
  until: number
  groupBy: UsageGroup
  /** Apart for each hour or day; null sums over the whole range. */
  interval: UsageInterval | null
  /** Only the runs for this end user; null for all of the project. */
  user: string | null
  /** Only those with that tag, those that said that of themselves. */
  tag?: string | undefined
  metadata?: MetadataPair | undefined
}

export type UsageSummary = (request: UsageRequest) => Promise<UsageRow[]>

/** Sums over the light and durable runs of one project that began in `[since, until)`. */
export function createUsageSummary({ store }: { store: Pick<Store, "project"> }): UsageSummary {
  return ({ projectId, since, until, groupBy, ...wanted }) => {
    const range = { from: since, to: until, by: groupBy, ...wanted, groupsMax: usageGroupsMax }
    return usage.usageSums(store.project(projectId), projectId, range)
  }
}

/** Runs may be in several groups of it. */
export const { overlaps } = usage
