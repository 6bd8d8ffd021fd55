// The live list: one watcher per project turns change notices into summaries and hands them to every open stream, newest state of each run only.
import { sleep } from "../../core/index.ts"
import type { Runs, RunSummary } from "../../runs/index.ts"
import { summaryOf, type RunLog, type RunPage } from "./run-log.ts"

export interface RunFeedOptions {
  runs: Pick<Runs, "changes">
  log: Pick<RunLog, "list" | "get">
  limits: { feedWindowMs: number; feedPollMs: number; feedRowsMax: number }
  onError: (error: unknown) => void
}

/** Whose runs: of a project, or of one of its end users. */
export interface FeedReaders {
  projectId: string
  user: string | null
}

export interface RunFeed {
  /** The newest runs at once, then every run whose summary changed, until the signal aborts. */
  watch(reader: FeedReaders, signal: AbortSignal): AsyncIterable<RunSummary>
}

export function createRunFeed(options: RunFeedOptions): RunFeed {
  const feeds = new Map<string, ProjectFeed>()
  return {
    async *watch(readers, signal) {
      const key = JSON.stringify([readers.projectId, readers.user])
      const open = feeds.get(key)
      const feed = open === undefined || open.over ? new ProjectFeed(options, readers) : open
      feeds.set(key, feed)
      const reader = feed.join()
      try {
        yield* reader.read(signal)
      } finally {
        feed.leave(reader)
        if (feed.over && feeds.get(key) === feed) feeds.delete(key)
      }
    },
  }
}

class ProjectFeed {
  readonly #options: RunFeedOptions
  readonly #projectId: string
  readonly #user: string | null
  readonly #readers = new Set<FeedReader>()
  readonly #ended = new AbortController()
  /** What readers were last told of each run of the last round. */
  #told = new Map<string, string>()
  readonly #changed = new Set<string>()
  /** The newest run of the last round. */
  #newest = ""
  #due = true
  #wake: (() => void) | undefined

  constructor(options: RunFeedOptions, { projectId, user }: FeedReaders) {
    this.#options = options
    this.#projectId = projectId
    this.#user = user
    void this.#follow().catch((error: unknown) => this.#failed(error))
    void this.#publish().catch((error: unknown) => this.#failed(error))
  }

  join(): FeedReader {
    const reader = new FeedReader(this.#options.limits.feedRowsMax)
    this.#readers.add(reader)
    this.#told.clear() // the next round tells everybody the whole first page: the newcomer needs it, the others take it as no news
    this.#hurry()
    return reader
  }

  leave(reader: FeedReader): void {
    this.#readers.delete(reader)
    if (this.#readers.size === 0) this.#ended.abort()
  }

  /** Nobody reads any more, or it failed: the next reader needs a new one. */
  get over(): boolean {
    return this.#ended.signal.aborted
  }

  async #follow(): Promise<void> {
    for await (const runId of this.#options.runs.changes(this.#projectId, this.#ended.signal)) {
      if (this.#changed.size < this.#options.limits.feedRowsMax) this.#changed.add(runId)
      this.#hurry()
    }
  }

  #hurry(): void {
    this.#due = true
    this.#wake?.()
  }

  /** A round per window while there is news, else a slow one: light runs and lost notices are seen by it. */
  async #publish(): Promise<void> {
    const { feedWindowMs, feedPollMs } = this.#options.limits
    while (!this.#ended.signal.aborted) {
      this.#due = false
      await this.#round()
      await pause(feedWindowMs, this.#ended.signal)
      if (!this.#due) await this.#news(feedPollMs)
    }
  }

  async #round(): Promise<void> {
    const ids = new Set(this.#changed)
    this.#changed.clear()
    const runs = await this.#newestRuns()
    const older = [...ids].filter((id) => !runs.some((run) => run.id === id)).slice(0, pageRows)
    const found = await Promise.all(older.map((id) => this.#options.log.get(this.#projectId, id, this.#user)))
    const next = new Map<string, string>()
    for (const run of runs.toReversed()) {
      const text = JSON.stringify(run)
      next.set(run.id, text)
      if (this.#told.get(run.id) !== text) this.#tell(run)
    }
    this.#told = next
    for (const run of found) if (run) this.#tell(summaryOf(run))
  }

  /** The first page, and as many more as began since the last round: light runs come without a notice, many at once. */
  async #newestRuns(): Promise<RunSummary[]> {
    const { log, limits } = this.#options
    const all: RunSummary[] = []
    let before: string | null = null
    do {
      const narrowed = { ...(this.#user !== null && { user: this.#user }), ...(before !== null && { before }) }
      const page: RunPage = await log.list(this.#projectId, { limit: pageRows, ...narrowed })
      all.push(...page.runs)
      before = page.next
    } while (before !== null && before > this.#newest && this.#newest !== "" && all.length < limits.feedRowsMax)
    this.#newest = all[0]?.id ?? this.#newest
    return all
  }

  #tell(run: RunSummary): void {
    for (const reader of this.#readers) reader.offer(run)
  }

  async #news(atMostMs: number): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await pause(atMostMs, AbortSignal.any([woken.signal, this.#ended.signal]))
    this.#wake = undefined
  }

  #failed(error: unknown): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    this.#options.onError(error)
    for (const reader of this.#readers) reader.fail(error)
  }
}

const pageRows = 100

/** What one stream has not written yet: the newest state of each run; the oldest leave when a stalled reader lets it fill. */
class FeedReader {
  readonly #waiting = new Map<string, RunSummary>()
  readonly #rowsMax: number
  #wake: (() => void) | undefined
  #error: unknown

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
  }

  offer(run: RunSummary): void {
    this.#waiting.delete(run.id)
    this.#waiting.set(run.id, run)
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size > this.#rowsMax && oldest !== undefined) this.#waiting.delete(oldest)
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#error = error
    this.#wake?.()
  }

  async *read(signal: AbortSignal): AsyncGenerator<RunSummary> {
    signal.addEventListener("abort", () => this.#wake?.(), { once: true })
    while (!signal.aborted) {
      if (this.#error !== undefined) throw this.#error
      const rows = [...this.#waiting.values()]
      this.#waiting.clear()
      yield* rows
      if (this.#waiting.size === 0 && this.#error === undefined && !signal.aborted)
        await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, signal).catch(() => undefined)
}
