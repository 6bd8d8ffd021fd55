// Wakes the readers of logs and lists in this process, and keeps the newest committed events of the runs that are executed here.
import type { RunEvent } from "./types.ts"

interface Topic {
  /** Rises with every sign of life, so that a reader that was busy meanwhile does not sleep over one. */
  version: number
  readonly waiters: Set<() => void>
  readers: number
  /** Newest committed events, dense in seq; undefined when the run is not executed here. */
  ring: RunEvent[] | undefined
}

export class Hub {
  readonly #topics = new Map<string, Topic>()
  readonly #lists = new Map<string, Set<ListReader>>()
  readonly #ringEventsMax: number

  constructor(ringEventsMax: number) {
    this.#ringEventsMax = ringEventsMax
  }

  /** The run is executed here from now on. */
  open(runId: string): void {
    this.#topic(runId).ring = []
  }

  close(runId: string): void {
    const topic = this.#topics.get(runId)
    if (!topic) return
    topic.ring = undefined
    this.#wake(topic)
    this.#forget(runId, topic)
  }

  committed(events: readonly RunEvent[]): void {
    let last: Topic | undefined
    let lastId: string | undefined
    for (const event of events) {
      const topic = event.runId === lastId ? last : this.#topics.get(event.runId)
      if (lastId !== event.runId && last) this.#wake(last)
      last = topic
      lastId = event.runId
      if (!topic?.ring) continue
      topic.ring.push(event)
      if (topic.ring.length > this.#ringEventsMax * 2) topic.ring.splice(0, topic.ring.length - this.#ringEventsMax)
    }
    if (last) this.#wake(last)
  }

  /** Something was written to this run elsewhere. */
  touch(runId: string): void {
    const topic = this.#topics.get(runId)
    if (topic) this.#wake(topic)
  }

  touchAll(): void {
    for (const topic of this.#topics.values()) this.#wake(topic)
  }

  /** A run's summary changed. */
  changed(projectId: string, runId: string): void {
    for (const reader of this.#lists.get(projectId) ?? []) reader.push(runId)
  }

  read(runId: string): RunReader {
    const topic = this.#topic(runId)
    topic.readers += 1
    return new RunReader(topic, () => {
      topic.readers -= 1
      this.#forget(runId, topic)
    })
  }

  readList(projectId: string): ListReader {
    const readers = this.#lists.get(projectId) ?? new Set<ListReader>()
    this.#lists.set(projectId, readers)
    const reader = new ListReader(() => {
      readers.delete(reader)
      if (readers.size === 0) this.#lists.delete(projectId)
    })
    readers.add(reader)
    return reader
  }

  #topic(runId: string): Topic {
    const existing = this.#topics.get(runId)
    if (existing) return existing
    const topic: Topic = { version: 0, waiters: new Set(), readers: 0, ring: undefined }
    this.#topics.set(runId, topic)
    return topic
  }

  #wake(topic: Topic): void {
    topic.version += 1
    for (const waiter of topic.waiters) waiter()
  }

  #forget(runId: string, topic: Topic): void {
    if (topic.readers === 0 && !topic.ring && this.#topics.get(runId) === topic) this.#topics.delete(runId)
  }
}

/** A reader's view of one run: it has a place in the log, nothing is queued for it, so it can be as slow as it likes. */
export class RunReader {
  readonly #topic: Topic
  readonly #onClose: () => void

  constructor(topic: Topic, onClose: () => void) {
    this.#topic = topic
    this.#onClose = onClose
  }

  get version(): number {
    return this.#topic.version
  }

  get local(): boolean {
    return this.#topic.ring !== undefined
  }

  /** Events after `after` that are in memory; undefined when the table must be asked (fell behind, executed elsewhere, executed here only since). */
  recent(after: number): readonly RunEvent[] | undefined {
    const ring = this.#topic.ring
    const first = ring?.[0]
    if (!ring || !first || after + 1 < first.seq) return undefined
    return after >= (ring.at(-1)?.seq ?? 0) ? [] : ring.slice(after + 1 - first.seq)
  }

  /** Resolves at the first sign of life after `version`, after `timeoutMs`, or when `signal` aborts. */
  changed(version: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#topic.version !== version || signal.aborted) return Promise.resolve()
    return waitFor(this.#topic.waiters, timeoutMs, signal)
  }

  close(): void {
    this.#onClose()
  }
}

/** Ids of changed runs, each at most once while nobody has taken it. */
export class ListReader {
  readonly #ids = new Set<string>()
  readonly #waiters = new Set<() => void>()
  readonly close: () => void

  constructor(onClose: () => void) {
    this.close = onClose
  }

  push(runId: string): void {
    if (this.#ids.size >= listIdsMax) this.#ids.delete(this.#ids.values().next().value ?? "")
    this.#ids.add(runId)
    for (const waiter of this.#waiters) waiter()
  }

  take(): string[] {
    const ids = [...this.#ids]
    this.#ids.clear()
    return ids
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#ids.size === 0 && !signal.aborted) await waitFor(this.#waiters, undefined, signal)
  }
}

function waitFor(waiters: Set<() => void>, timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      waiters.delete(done)
      if (timer) clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(done, timeoutMs)
    waiters.add(done)
    signal.addEventListener("abort", done, { once: true })
  })
}

const listIdsMax = 1_000
