// Puts what the live stream told over what the pages of the list hold: newest first, each run once, only those that the filter wants.
import type { RunListQuery, RunSummary } from "@perdure/client"

export function mergeRuns(pages: readonly RunSummary[], live: ReadonlyMap<string, RunSummary>, filter: RunListQuery): RunSummary[] {
  const byId = new Map(pages.map((run) => [run.id, run]))
  const oldest = pages.at(-1)?.createdAt ?? 0
  for (const run of live.values()) {
    const known = byId.has(run.id)
    // What a search finds is the server's to say (it looks into inputs, outputs, tags), so the stream only renews rows then.
    const wanted = known || (!onlyServerKnows(filter) && run.createdAt >= oldest)
    if (wanted) byId.set(run.id, run)
  }
  return [...byId.values()].filter((run) => matches(run, filter)).sort(newestFirst)
}

function onlyServerKnows({ search, prompt, tag, metadata }: RunListQuery): boolean {
  return [search, prompt, tag, metadata].some((each) => each !== undefined && each !== "")
}

export function matches(run: RunSummary, filter: RunListQuery): boolean {
  if (filter.kind !== undefined && run.kind !== filter.kind) return false
  if (filter.status !== undefined && run.status !== filter.status) return false
  if (filter.conversationId !== undefined && run.conversationId !== filter.conversationId) return false
  if (filter.experiment !== undefined && run.experiment?.name !== filter.experiment) return false
  return filter.parentId === undefined || run.parentId === filter.parentId
}

function newestFirst(a: RunSummary, b: RunSummary): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)
}
