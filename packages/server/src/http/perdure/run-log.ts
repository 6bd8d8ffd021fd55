// One way to read runs of both sorts: durable ones from the kernel, light ones from their record, which is their whole log.
import { experimentIn, type Run, type RunEvent, type RunFilter, type Runs, type RunSummary } from "../../runs/index.ts"
import { isLightKind, type LightRuns } from "./light-runs.ts"

export interface RunPage {
  runs: RunSummary[]
  next: string | null
}

export interface RunLog {
  list(projectId: string, filter: RunFilter): Promise<RunPage>
  /** With a user, only what was made for that one. */
  get(projectId: string, runId: string, user: string | null): Promise<Run | undefined>
  events(run: Run, after: number, limit: number): Promise<RunEvent[]>
  tail(run: Run, after: number, signal: AbortSignal): AsyncIterable<RunEvent>
}

const rowsPerPage = 20

export function createRunLog(runs: Pick<Runs, "get" | "list" | "events" | "tail">, lightRuns: LightRuns): RunLog {
  const lightEvents = async (run: Run): Promise<readonly RunEvent[] | undefined> =>
    isLightKind(run.kind) ? (await lightRuns.get(run.projectId, run.id))?.events : undefined
  return {
    async list(projectId, filter) {
      const limit = filter.limit ?? rowsPerPage
      const wanted = { ...filter, ...(filter.search !== undefined && { search: ownId(filter.search) }) }
      const [durable, light] = await Promise.all([
        runs.list(projectId, { ...wanted, limit }),
        lightRuns.list(projectId, { ...wanted, limit: limit + 1 }),
      ])
      const merged = [...durable.runs, ...light].sort(newestFirst)
      const page = merged.slice(0, limit)
      const more = merged.length > limit || durable.next !== null
      return { runs: page, next: more ? (page.at(-1)?.id ?? null) : null }
    },
    async get(projectId, runId, user) {
      const run = (await runs.get(projectId, runId)) ?? (await lightRuns.get(projectId, runId))?.run
      return user === null || run?.user === user ? run : undefined
    },
    async events(run, after, limit) {
      const light = await lightEvents(run)
      if (light) return light.filter(({ seq }) => seq > after).slice(0, limit)
      return runs.events(run.projectId, run.id, after, limit)
    },
    async *tail(run, after, signal) {
      const light = await lightEvents(run)
      if (light) yield* light.filter(({ seq }) => seq > after)
      else yield* runs.tail(run.projectId, run.id, after, signal)
    },
  }
}

export const endedStatuses: readonly string[] = ["completed", "failed", "cancelled", "incomplete"] satisfies Run["status"][]

/** What a list shows of a run that was read whole. */
export function summaryOf(run: Run): RunSummary {
  const { id, kind, name, title, status, principal, user, model, conversationId, parentId, usage, error, createdAt, finishedAt } = run
  const durationMs = finishedAt === null ? null : Math.max(0, finishedAt - createdAt)
  const summary = { id, kind, name, title, status, principal, user, model, conversationId, parentId, usage, error, createdAt, finishedAt }
  const experiment = run.kind === "workflow" ? {} : experimentIn(run.metadata)
  return { ...summary, durationMs, firstTokenMs: null, ...(run.progress ? { progress: run.progress } : {}), ...experiment }
}

/** What clients hold is `resp_…` or `chatcmpl_…`; the run has the same digits. */
export function ownId(text: string): string {
  return text.replace(/^(?:resp|chatcmpl)[_-](?=[0-9a-f]{8,})/, "run_")
}

/** Ids begin with their time. */
function newestFirst(a: RunSummary, b: RunSummary): number {
  return a.id < b.id ? 1 : -1
}
