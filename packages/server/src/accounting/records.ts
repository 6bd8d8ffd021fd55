// The queue of finished light runs: bounded in rows and bytes, written in batches off the request path, counted when it is full.
import { sleep, type Clock, type Limits } from "../core/index.ts"
import { isStoreError, lightRuns, type Store, type StoredLightRun } from "../store/index.ts"
import type { LightRunRecord } from "./types.ts"

export interface Records extends AsyncDisposable {
  /** Never waits and never throws. False when the record was dropped because the queue is full. */
  add(record: LightRunRecord): boolean
  /** Resolves when everything added so far is written, or was given up. */
  flush(): Promise<void>
  readonly queued: number
  readonly written: number
  readonly dropped: number
}

export interface RecordsOptions {
  store: Pick<Store, "system">
  limits: Pick<Limits, "recordQueueRowsMax" | "recordQueueBytesMax" | "recordFlushMs">
  clock: Clock
  /** Told of every record, for metrics; must not throw. */
  onRecord?: (record: LightRunRecord) => void
  /** Told of how many records wait, whenever that changes; must not throw. */
  onWaiting?: (count: number) => void
  /** Awaited before each batch: what the records' calls used is known to their limits before the records are there. */
  beforeWrite?: () => Promise<void>
  /** Told of every loss, with its reason: the queue was full, or the database refused a batch again and again (when it was away: at the end of the process). */
  onDropped: (count: number, reason: "queue_full" | "write_failed", error?: unknown) => void
}

const batchRowsMax = 2_000
const attemptsMax = 3
const retryAfterMs = 200
const retryAfterMsMax = 2_000
/** What a record takes beside its own texts. */
const recordOverheadBytes = 400

export function createRecords(options: RecordsOptions): Records {
  return new RecordQueue(options)
}

class RecordQueue implements Records {
  readonly #options: RecordsOptions
  #queue: LightRunRecord[] = []
  #queuedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #inFlight = 0
  #accepted = 0
  /** Accepted ones that were written or given up. */
  #done = 0
  #closed = false
  readonly #closing = new AbortController()
  #hasGivenUp = false
  written = 0
  dropped = 0

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  get queued(): number {
    return this.#queue.length + this.#inFlight
  }

  add(given: LightRunRecord): boolean {
    const { recordQueueRowsMax, recordQueueBytesMax } = this.#options.limits
    this.#options.onRecord?.(given)
    const record = shortened(given)
    const sizeBytes = sizeOf(record)
    if (this.#closed || this.queued >= recordQueueRowsMax || this.#queuedBytes + sizeBytes > recordQueueBytesMax) {
      this.#drop(1, "queue_full")
      return false
    }
    this.#queue.push(record)
    this.#queuedBytes += sizeBytes
    this.#accepted += 1
    this.#options.onWaiting?.(this.queued)
    this.#writeSoon()
    return true
  }

  async flush(): Promise<void> {
    const last = this.#accepted
    while (this.#done < last) await this.#writeNext()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#closing.abort()
    await this.flush()
  }

  /** Ends early when the queue is closed. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, this.#closing.signal).catch(() => undefined)
  }

  /** Under load too a batch waits its time: each has a commit of its own, and many small ones cost twice as much per record. */
  #writeSoon(): void {
    const delayMs = this.#queue.length >= batchRowsMax ? 0 : this.#options.limits.recordFlushMs
    this.#timer ??= setTimeout(() => void this.#writeNext(), delayMs).unref()
  }

  /** One batch; the one under way, where there is one. */
  #writeNext(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined
      if (this.#queue.length > 0) this.#writeSoon()
    })
    return this.#writing
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#queue.length > batchRowsMax ? this.#queue.splice(0, batchRowsMax) : this.#queue
    if (batch === this.#queue) this.#queue = []
    this.#inFlight = batch.length
    await this.#options.beforeWrite?.()
    await this.#write(batch)
    this.#inFlight = 0
    this.#done += batch.length
    for (const record of batch) this.#queuedBytes -= sizeOf(record)
    this.#options.onWaiting?.(this.queued)
  }

  /**
   * What was sent before may be stored, whatever became of the answer. While the database is away the batch waits for it, and the queue fills
   * up behind: nothing is lost before that is full, or the process ends.
   */
  async #write(batch: readonly LightRunRecord[]): Promise<void> {
    const runs = batch.map(stored)
    for (let attempt = 1, waits = 1, mayBeThere = false; ; mayBeThere = true) {
      try {
        await lightRuns.insertLightRuns(this.#options.store.system, runs, mayBeThere)
        this.written += batch.length
        return
      } catch (error) {
        if (isDuplicate(error) && !mayBeThere) continue
        if (isRefusedValue(error) && batch.length > 1) return this.#writeHalves(batch)
        if (isAway(error) && !this.#closed) {
          await this.#pause(Math.min(retryAfterMs * waits, retryAfterMsMax))
          waits += 1
          continue
        }
        if (attempt >= attemptsMax || this.#hasGivenUp) {
          // The end of the process must not wait for an absent database once per batch.
          this.#hasGivenUp = this.#closed && isAway(error)
          return this.#drop(batch.length, "write_failed", error)
        }
        await sleep(retryAfterMs * attempt)
        attempt += 1
      }
    }
  }

  /** A value of one record is refused: the records of everybody else are written all the same. */
  async #writeHalves(batch: readonly LightRunRecord[]): Promise<void> {
    const half = Math.ceil(batch.length / 2)
    await this.#write(batch.slice(0, half))
    await this.#write(batch.slice(half))
  }

  #drop(count: number, reason: "queue_full" | "write_failed", error?: unknown): void {
    this.dropped += count
    this.#options.onDropped(count, reason, error)
  }
}

/** Said field by field: copying all but a few of them costs as much as the rest of what is done to a record here. */
function stored(record: LightRunRecord): StoredLightRun {
  const { tags, metadata, error, firstTokenMs } = record
  return {
    id: record.id,
    projectId: record.projectId,
    principal: record.principal,
    user: record.user,
    kind: record.kind,
    name: record.name,
    model: record.model,
    deployment: record.deployment,
    outcome: record.outcome,
    status: record.status,
    errorCode: error?.code ?? null,
    errorMessage: error?.message ?? null,
    startedAt: record.startedAt,
    durationMs: Math.round(record.durationMs),
    firstTokenMs: firstTokenMs === null ? null : Math.round(firstTokenMs),
    streamed: record.streamed,
    inputTokens: record.inputTokens,
    outputTokens: record.outputTokens,
    cachedTokens: record.cachedTokens,
    reasoningTokens: record.reasoningTokens,
    costMicroUsd: record.costMicroUsd,
    costKnown: record.costKnown,
    priceList: record.priceList ?? null,
    requestBytes: record.requestBytes,
    responseBytes: record.responseBytes,
    label: record.label,
    data: record.data,
    tags: tags && tags.length > 0 ? tags : null,
    metadata: metadata ?? null,
  }
}

/** Longest text that a request puts into its record: one client's must not fill the queue of all. */
const textCharactersMax = 2_000

/** The texts that come from a request, cut to their limit and without what Postgres cannot hold. */
function shortened(record: LightRunRecord): LightRunRecord {
  const { user, model, error } = record
  if (isPlain(user) && isPlain(model) && isPlain(error?.message)) return record
  const cut = (text: string): string => text.slice(0, textCharactersMax).replaceAll("\0", "\uFFFD").toWellFormed()
  return {
    ...record,
    user: user === null ? null : cut(user),
    model: model === null ? null : cut(model),
    error: error === null ? null : { ...error, message: cut(error.message) },
  }
}

function isPlain(text: string | null | undefined): boolean {
  return text === null || text === undefined || (text.length <= textCharactersMax && !text.includes("\0") && text.isWellFormed())
}

/** Nothing is wrong with what was sent: it may be taken another time. */
function isAway(error: unknown): boolean {
  return isStoreError(error) && error.isAway
}

/** SQLSTATE class 22: a value does not fit, however often it is sent. */
function isRefusedValue(error: unknown): boolean {
  return isStoreError(error) && error.sqlState?.startsWith("22") === true
}

function isDuplicate(error: unknown): boolean {
  return isStoreError(error) && error.sqlState === "23505"
}

/** An estimate that costs little: payloads are measured as text, the other texts are short. */
function sizeOf({ data, metadata, error, user, model }: LightRunRecord): number {
  const payload = data === null ? 0 : JSON.stringify(data).length
  const said = metadata === undefined ? 0 : JSON.stringify(metadata).length
  return recordOverheadBytes + payload + said + (error?.message.length ?? 0) + (user?.length ?? 0) + (model?.length ?? 0)
}
