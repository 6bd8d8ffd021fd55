// Reads logs as they grow: memory for runs executed here, the table for the rest and for readers that fell behind.
import { AppError, sleep, type Clock } from "../core/index.ts"
import { isStoreError, runEvents, runs, type Store } from "../store/index.ts"
import type { Hub } from "./hub.ts"
import { toEvent } from "./rows.ts"
import type { Label } from "../security/index.ts"
import type { RunEvent } from "./types.ts"

export interface ReaderOptions {
  store: Store
  hub: Hub
  clock: Pick<Clock, "monotonic">
  /** Beneath notifications, which can be lost. */
  pollMs: number
}

/**
 * A reader is a place in the log (`last`) and asks for what comes after it. The sign of life is read before the table is, so what is committed
 * between the two is seen at the next turn: no gap. What comes is always after `last`: no duplicate. Once it reads, a database that is away
 * is waited for: the place stays.
 */
export async function* tailRun(
  options: ReaderOptions,
  projectId: string,
  runId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<RunEvent> {
  const db = options.store.project(projectId)
  const run = await runs.getRun(db, projectId, runId)
  if (!run) throw new AppError("not_found", `run ${runId} does not exist`)
  const label = run.label as unknown as Label // written by the kernel from a label
  const reader = options.hub.read(runId)
  let last = after
  try {
    while (!signal.aborted) {
      const version = reader.version
      const recent = reader.recent(last)
      const events: readonly RunEvent[] =
        recent ??
        (await patiently(options.clock, signal, () => runEvents.eventsAfter(db, runId, last, pageEventsMax))).map((event) =>
          toEvent(event, label),
        )
      for (const event of events) {
        if (signal.aborted) return
        if (event.seq <= last) continue
        last = event.seq
        yield event
        if (event.type === "run.ended") return
      }
      if (events.length > 0) continue
      const over = (): Promise<boolean> => isOver(options.store, projectId, runId, last)
      if (recent === undefined && (await patiently(options.clock, signal, over))) return
      await reader.changed(version, options.pollMs, signal)
    }
  } finally {
    reader.close()
  }
}

/** Asks again while the database is away, as long as a flush is sent again and a little more; then it is the reader's error. */
export async function patiently<T>(clock: Pick<Clock, "monotonic">, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const until = clock.monotonic() + awayMsMax
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isStoreError(error) || !error.isAway || signal.aborted || clock.monotonic() > until) throw error
      await sleep(askAgainMs, signal).catch(() => undefined)
    }
  }
}

/** Nothing will come any more: it has ended before `after`, or it was deleted. */
async function isOver(store: Store, projectId: string, runId: string, last: number): Promise<boolean> {
  const run = await runs.getRun(store.project(projectId), projectId, runId)
  return !run || (run.finishedAt !== null && run.lastSeq <= last)
}

export async function* changesOf(hub: Hub, projectId: string, signal: AbortSignal): AsyncGenerator<string> {
  const reader = hub.readList(projectId)
  try {
    while (!signal.aborted) {
      yield* reader.take()
      await reader.wait(signal)
    }
  } finally {
    reader.close()
  }
}

const pageEventsMax = 500
const awayMsMax = 60_000
const askAgainMs = 500
