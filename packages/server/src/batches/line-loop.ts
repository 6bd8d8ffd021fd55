// Carries out the lines of one batch that have no outcome yet, and says why it ended.
//
//   lines of the file ─→ seat (as many lines in memory as calls at once) ─→ pace of the batch ─→ slot of the process ─→ call ─→ outcome stored
//                                                            ▲                                      │
//                                                            └─ refused for now: wait for room ─────┘
//
// Whoever ends it lets no new call begin. Calls under way may finish for `drainMs`, unless the time of the batch is over.
import { AppError, sleep, type Clock, type Limits, type NewId } from "../core/index.ts"
import type { Principal } from "../security/index.ts"
import { batches, batchLines, type BatchProgress, type Store, type StoredBatch } from "../store/index.ts"
import type { CallSlots } from "./call-slots.ts"
import type { LineForm } from "./line-forms.ts"
import { LineWriter } from "./line-writer.ts"
import { Pace } from "./pace.ts"
import { readLines, type FileLine } from "./read-lines.ts"
import { readRequestLine, type RequestLine } from "./request-line.ts"
import type { CallLine, LineAnswer } from "./types.ts"

/** `stopped`: another attempt goes on. `unauthorized`: the key that made it is no longer good. */
export type LoopEnd = "done" | "stopped" | "cancelled" | "expired" | "unauthorized"

export interface LineLoopOptions {
  store: Store
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "requestBodyBytesMax" | "batchLineTriesMax" | "drainMs">
  slots: CallSlots
  callLine: CallLine
  principalOf: (projectId: string, principalId: string) => Principal | undefined
  /** Whether interactive calls leave room for one of that model. */
  hasRoom: (model: string) => boolean
}

export interface LoopInput {
  batch: StoredBatch
  form: LineForm
  openParts: () => AsyncIterable<Uint8Array>
  onProgress: (progress: BatchProgress) => void
}

export class LineLoop {
  readonly #options: LineLoopOptions
  readonly #input: LoopInput
  readonly #writer: LineWriter
  readonly #pace: Pace
  readonly #underWay = new Set<Promise<void>>()
  /** No new call. */
  readonly #closing = new AbortController()
  /** Nor those under way. */
  readonly #cut = new AbortController()
  #end: LoopEnd = "done"
  #failure: { error: unknown } | undefined
  #drainTimer: NodeJS.Timeout | undefined

  constructor(options: LineLoopOptions, input: LoopInput) {
    this.#options = options
    this.#input = input
    this.#pace = new Pace({ callsMax: options.slots.callsMax, clock: options.clock })
    this.#writer = new LineWriter(options.store, input.batch, (progress) => this.#wrote(progress))
  }

  async run(): Promise<LoopEnd> {
    const watch = setInterval(() => void this.#look(), lookMs)
    try {
      await this.#look()
      await this.#eachLine().catch((error: unknown) => this.#failed(error))
      while (this.#underWay.size > 0) await Promise.race(this.#underWay)
    } finally {
      clearInterval(watch)
      clearTimeout(this.#drainTimer)
    }
    if (this.#failure) throw this.#failure.error
    return this.#end
  }

  /** The first reason stands. */
  stop(end: Exclude<LoopEnd, "done">, { atOnce = false } = {}): void {
    const cut = (): void => this.#cut.abort(this.#end === "stopped" ? stopped : givenUp)
    if (!this.#closing.signal.aborted) {
      this.#end = end
      this.#closing.abort(stopped)
      if (!atOnce) this.#drainTimer = setTimeout(cut, this.#options.limits.drainMs)
    }
    if (atOnce) cut()
  }

  async #eachLine(): Promise<void> {
    const { store, limits, slots } = this.#options
    const { batch, openParts } = this.#input
    if (this.#closing.signal.aborted) return
    const done = new Set(await batchLines.linesWithOutcome(store.project(batch.projectId), batch.projectId, batch.id))
    for await (const line of readLines(openParts(), limits.requestBodyBytesMax)) {
      if (done.has(line.number)) continue
      while (this.#underWay.size >= slots.callsMax) await Promise.race(this.#underWay)
      if (this.#closing.signal.aborted) return
      this.#begin(line)
    }
  }

  #begin(line: FileLine): void {
    const read = readRequestLine(line, this.#input.batch.endpoint, this.#options.limits.requestBodyBytesMax)
    if (!read.ok) throw new AppError("invalid_file", `line ${line.number} of the input file changed: ${read.problem.message}`)
    const work: Promise<void> = this.#carryOut(read.line)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }

  async #carryOut(line: RequestLine): Promise<void> {
    let outcome: { requestId: string; answer: LineAnswer }
    let faults = 0
    for (let tries = 1; ; tries += 1) {
      const startedAt = await this.#pace.enter(this.#closing.signal)
      try {
        outcome = await this.#call(line, tries)
      } finally {
        this.#pace.leave()
      }
      const { answer } = outcome
      if (this.#mustWait(answer)) this.#pace.refused(startedAt, answer.refusal?.retryAfterMs ?? null)
      else if (this.#isPassing(answer, (faults += 1))) {
        this.#pace.faulted(startedAt)
        await sleep(faultPauseMs * 2 ** (faults - 1), this.#closing.signal)
      } else break
    }
    this.#pace.accepted()
    return this.#writer.add(this.#input.form.answered({ number: line.number, customId: line.customId, ...outcome }))
  }

  async #call({ number, body }: RequestLine, tries: number): Promise<{ requestId: string; answer: LineAnswer }> {
    const { slots, hasRoom, callLine, newId } = this.#options
    const { endpoint, headers, id } = this.#input.batch
    const model = body["model"]
    const release = await slots.acquire(() => typeof model !== "string" || hasRoom(model), this.#closing.signal)
    const requestId = newId("req")
    try {
      const principal = this.#principal()
      const idempotencyKey = `${id}:${number}${tries === 1 ? "" : `:${tries}`}`
      const traceparent = `00-${digitsOf(id)}-${digitsOf(requestId).slice(-16)}-01`
      const request = { endpoint, principal, headers, body, requestId, idempotencyKey, traceparent }
      return { requestId, answer: await callLine(request, this.#cut.signal) }
    } finally {
      release()
    }
  }

  /** The key as it is now. */
  #principal(): Principal {
    const { projectId, principal: principalId } = this.#input.batch
    const principal = this.#options.principalOf(projectId, principalId)
    if (!principal) {
      this.stop("unauthorized")
      throw stopped
    }
    return principal
  }

  /** Limits are waited for until the time of the batch is over. */
  #mustWait({ status, refusal }: LineAnswer): boolean {
    if (refusal?.neverFits === true) return false
    return status === 429 || status === 503 || status === 529 || refusal?.code === "insufficient_quota"
  }

  /** Faults of providers are tried again a few times; what fails while this process stops may fail because it stops. */
  #isPassing({ status }: LineAnswer, faults: number): boolean {
    if (this.#end === "stopped") return status >= 500
    return passingFaults.has(status) && faults < this.#options.limits.batchLineTriesMax
  }

  #failed(error: unknown): void {
    if (error === stopped || this.#cut.signal.aborted) return
    this.#failure ??= { error }
    this.stop("stopped")
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#options
    const { projectId, id } = this.#input.batch
    const now = await batches.findBatch(store.project(projectId), projectId, id, null).catch(() => undefined)
    if (!now) return
    if (now.status === "cancelling") this.stop("cancelled")
    if (clock.now() >= now.expiresAt) this.stop("expired", { atOnce: true })
  }

  #wrote(progress: BatchProgress): void {
    if (progress.status === "cancelling") this.stop("cancelled")
    this.#input.onProgress(progress)
  }
}

/** What calls and waits reject with when the loop ends them. */
const stopped = new AppError("cancelled", "the batch goes on no further here")
/** Nobody will ask for the answer any more. */
const givenUp = new AppError("client_closed_request", "the batch does not wait for this call any more")
const lookMs = 1_000
const faultPauseMs = 1_000
/** Statuses of what may be otherwise a moment later. */
const passingFaults: ReadonlySet<number> = new Set([408, 500, 502, 504])

function digitsOf(id: string): string {
  return id.slice(id.lastIndexOf("_") + 1)
}
