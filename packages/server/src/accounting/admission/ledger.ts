// The truth about counters: in the database, exchanged with it in batches in the background; requests never wait for it while there is credit.
import { randomUUID } from "node:crypto"
import { AppError, deferred, sleep, type Clock, type Deferred, type Limits } from "../../core/index.ts"
import { limitCounters, type LimitAnswer, type Store } from "../../store/index.ts"
import type { Counter } from "./counter.ts"
import { exchangeOf } from "./exchange.ts"
import type { BudgetWatch } from "./types.ts"

export interface Ledger extends AsyncDisposable {
  /** Several processes draw from the same counters, so each has only what was lent to it. */
  readonly lends: boolean
  /** Changes when lent credit may have been lent to somebody else meanwhile. */
  readonly epoch: number
  /** Makes `amount` available if anybody has it; undefined when that needed no waiting. Rejects when the database does not answer. */
  ask(counter: Counter, amount: number): Promise<void> | undefined
  /** Credit was taken or settled. */
  touched(counter: Counter, now: number): void
  /** Resolves when all that was settled until now is reported, or could not be. */
  report(): Promise<void>
}

export interface LedgerOptions {
  store: Pick<Store, "system" | "engine" | "listen">
  limits: Pick<Limits, "creditLeaseMs" | "creditIdleMs" | "creditRecallMs" | "recordFlushMs">
  clock: Clock
  watch?: Pick<BudgetWatch, "reported"> | undefined
  onError: (what: string, error: unknown) => void
}

interface Ask {
  /** What the most modest waiting call is about, and what all of them lack. */
  amount: number
  want: number
  /** By the monotonic clock: asked first, and not to be asked again before. */
  since: number
  notBefore: number
  done: Deferred<void>
}

/** One round: who asked, who reports, and who waits for the report. */
interface Round {
  asks: ReadonlyMap<Counter, Ask>
  counters: readonly Counter[]
  reported: Deferred<void> | undefined
}

/** Counters of one exchange that ask, and as many that report. */
const exchangeCountersMax = 500
const channel = "perdure_limits"
/** Where everything is held nobody asks again for so long. */
const shortMs = 250
/** Between two questions for credit that other processes were asked to give back. */
const recallStepMs = 25
/** Processes that were not seen for so long are forgotten, with what they held. */
const goneMs = 60 * 60_000
const sweepMs = 10 * 60_000
/** Longest wait of a call for an answer: a host that vanished says nothing for minutes. */
const askMsMax = 10_000
/** Records report before they are written: where calls end all the time, that comes first, and nothing is reported twice for one batch. */
const behindRecordsMs = 20
/** After an exchange that failed. */
const retryMs = 1_000

export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const ledger = new DatabaseLedger(options)
  await ledger.open()
  return ledger
}

class DatabaseLedger implements Ledger {
  readonly lends: boolean
  readonly #options: LedgerOptions
  readonly #holder = randomUUID()
  readonly #asks = new Map<Counter, Ask>()
  /** Used, or to be handed back. */
  readonly #dirty = new Set<Counter>()
  /** Those with credit that was lent. */
  readonly #lending = new Map<string, Counter>()
  readonly #timers: NodeJS.Timeout[] = []
  #reportTimer: NodeJS.Timeout | undefined
  #isDraining = false
  #exchanging: Promise<void> | undefined
  #reported: Deferred<void> | undefined
  #epoch = 0
  /** By the monotonic clock: from then on lent credit may be somebody else's. */
  #lentUntil = Infinity
  #unlisten: (() => Promise<void>) | undefined
  #isClosed = false

  constructor(options: LedgerOptions) {
    this.#options = options
    this.lends = options.store.engine === "postgres"
  }

  async open(): Promise<void> {
    const { store, limits, onError } = this.#options
    const every = (ms: number, what: string, work: () => Promise<unknown>): void => {
      const run = (): void => void work().catch((error: unknown) => onError(what, error))
      this.#timers.push(setInterval(run, ms).unref())
    }
    every(sweepMs, "limits: sweep", () => limitCounters.sweep(store.system, goneMs))
    if (!this.lends) return limitCounters.forgetOthers(store.system, this.#holder)
    every(limits.creditLeaseMs / 4, "limits: renew", async () => this.#renew())
    this.#unlisten = await store.listen(channel, (payload) => this.#recalled(payload))
  }

  get epoch(): number {
    if (this.lends && this.#options.clock.monotonic() > this.#lentUntil) {
      this.#lentUntil = Infinity
      this.#epoch += 1
    }
    return this.#epoch
  }

  async ask(counter: Counter, amount: number): Promise<void> {
    const answered = new AbortController()
    const silence = sleep(askMsMax, answered.signal).then(
      () => Promise.reject(unreachable(new Error(`it said nothing within ${askMsMax} ms`))),
      () => undefined, // it was answered
    )
    try {
      await Promise.race([this.#asked(counter, amount, counter.lacking(amount)), silence])
    } finally {
      answered.abort()
    }
  }

  touched(counter: Counter, now: number): void {
    if (this.#isClosed) return
    this.#dirty.add(counter)
    this.#reportSoon(this.#options.limits.recordFlushMs + behindRecordsMs)
    if (counter.wantsMore(now) && !this.#asks.has(counter)) this.#asked(counter, counter.available + 1, 0).catch(() => undefined)
  }

  report(): Promise<void> {
    clearTimeout(this.#reportTimer)
    this.#reportTimer = undefined
    if (this.#dirty.size === 0) return this.#exchanging ?? Promise.resolve()
    this.#reported ??= deferred<void>()
    const { promise } = this.#reported
    this.#wake()
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#unlisten?.()
    this.#isClosed = true
    for (const counter of this.#lending.values()) this.#handBack(counter)
    await this.report()
    await limitCounters.forgetHolder(this.#options.store.system, this.#holder).catch((error: unknown) => {
      this.#options.onError("limits: close", error)
    })
  }

  #reportSoon(ms: number): void {
    if (!this.#isClosed) this.#reportTimer ??= setTimeout(() => void this.report(), ms).unref()
  }

  /** `want` is nothing where nobody waits for it. */
  #asked(counter: Counter, amount: number, want: number): Promise<void> {
    const now = this.#options.clock.monotonic()
    const ask = this.#asks.get(counter) ?? { amount: Infinity, want: 0, since: now, notBefore: 0, done: deferred<void>() }
    ask.amount = Math.min(ask.amount, amount)
    ask.want += want
    this.#asks.set(counter, ask)
    this.#wake()
    return ask.done.promise
  }

  /** What idles here may be somebody else's; and our own credit is good for another while. */
  #renew(): void {
    const idleSince = this.#options.clock.now() - this.#options.limits.creditIdleMs
    for (const counter of this.#lending.values()) if (counter.lastUseAt < idleSince) this.#handBack(counter)
    if (this.#lending.size === 0) return
    this.#reported ??= deferred<void>()
    this.#wake()
  }

  /** Another process has too little: `holder id`. */
  #recalled(payload: string): void {
    const [holder, id] = [payload.slice(0, payload.indexOf(" ")), payload.slice(payload.indexOf(" ") + 1)]
    const counter = this.#lending.get(id)
    if (holder === this.#holder || !counter || counter.available <= 0) return
    this.#handBack(counter)
    void this.report()
  }

  #handBack(counter: Counter): void {
    if (counter.available > 0) counter.credit -= counter.available
    this.#dirty.add(counter)
  }

  #wake(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    // What the same turn asks goes together.
    queueMicrotask(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    for (let round = this.#round(); round !== undefined; round = this.#round()) {
      this.#exchanging = this.#exchange(round)
      await this.#exchanging
    }
    this.#exchanging = undefined
    this.#isDraining = false
  }

  #round(): Round | undefined {
    const now = this.#options.clock.monotonic()
    const asks = new Map([...this.#asks].filter(([, ask]) => ask.notBefore <= now).slice(0, exchangeCountersMax))
    if (asks.size === 0 && this.#reported === undefined) return undefined
    const reporting = this.#reported === undefined ? [] : [...this.#dirty].slice(0, exchangeCountersMax)
    const counters = [...new Set([...asks.keys(), ...reporting])]
    for (const counter of asks.keys()) this.#asks.delete(counter)
    for (const counter of counters) this.#dirty.delete(counter)
    const reported = reporting.length < exchangeCountersMax ? this.#reported : undefined
    if (reported) this.#reported = undefined
    return { asks, counters, reported }
  }

  async #exchange({ asks, counters, reported }: Round): Promise<void> {
    const { store, limits, clock, watch, onError } = this.#options
    const sentAt = clock.monotonic()
    const epoch = this.epoch
    const sent = new Map(counters.map((counter) => [counter.id, { counter, used: counter.used, epoch, ask: asks.get(counter) }]))
    const ops = counters.map((counter) => exchangeOf(counter, this.lends ? asks.get(counter) : undefined))
    try {
      const answers = this.lends
        ? await limitCounters.exchange(store.system, this.#holder, limits.creditLeaseMs, ops)
        : await limitCounters.exchangeAlone(store.system, this.#holder, ops)
      if (this.lends) this.#lentUntil = sentAt + limits.creditLeaseMs * 0.8
      for (const answer of answers) {
        const of = sent.get(answer.id)
        if (!of) continue
        of.counter.accept(answer, of, clock.now())
        if (watch && of.counter.bound.rule.kind === "budget") watch.reported(of.counter, answer.used)
        if (of.counter.lent && of.counter.credit > 0) this.#lending.set(answer.id, of.counter)
        else this.#lending.delete(answer.id)
        if (of.ask) this.#answered(of.counter, of.ask, answer)
      }
    } catch (error) {
      for (const counter of counters) this.#dirty.add(counter)
      this.#reportSoon(retryMs)
      this.#reported?.resolve()
      this.#reported = undefined
      for (const ask of asks.values()) ask.done.reject(unreachable(error))
      onError("limits: exchange", error)
    }
    reported?.resolve()
  }

  /** Where others hold credit they are asked for it, and the call waits a little; else it is refused. */
  #answered(counter: Counter, ask: Ask, answer: LimitAnswer): void {
    const { clock, limits } = this.#options
    const now = clock.monotonic()
    const isShort = this.lends && counter.lacking(ask.amount) > 0
    if (isShort && answer.others > 0 && now - ask.since < limits.creditRecallMs) {
      this.#askAgain(counter, ask, now + recallStepMs)
      setTimeout(() => this.#wake(), recallStepMs + 1).unref()
      return
    }
    if (isShort) counter.isShort(ask.amount, clock.now() + shortMs)
    ask.done.resolve()
  }

  #askAgain(counter: Counter, ask: Ask, notBefore: number): void {
    const later = this.#asks.get(counter)
    if (!later) return void this.#asks.set(counter, { ...ask, notBefore })
    const { done } = ask
    later.done.promise.then(
      () => done.resolve(),
      (error: unknown) => done.reject(error),
    )
  }
}

/** Without the database nobody knows what is left: a call that would need to know is refused, the others pass. */
function unreachable(cause: unknown): AppError {
  return new AppError("database_unavailable", "The limits of this call cannot be checked: the database does not answer.", {
    hint: "Try again; if it goes on, look at /health/ready.",
    retryAfterMs: 1_000,
    cause,
  })
}
