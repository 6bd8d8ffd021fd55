// What is done to the answer of one call before its client has it: kept for the cache as it came, then led past the guards.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { AnswerFacts, CacheHit, CacheMiss } from "../../inference/index.ts"
import type { GuardSession } from "../../security/index.ts"
import type { AnswerTexts, Frame, FrameFilter } from "./frame-filter.ts"
import { inOrder, later, type MaybeLater } from "./text-channels.ts"

export interface AnswerCareOptions {
  /** Where an answer of this kind has its texts; undefined where it has none. */
  texts: AnswerTexts | undefined
  /** Larger answers are not kept. */
  keptBytesMax: number
}

type CacheState = { kind: "bypass" } | CacheHit | CacheMiss

export class AnswerCare {
  readonly #options: AnswerCareOptions
  session: GuardSession | undefined
  cache: CacheState | undefined
  /** The cache was asked for the key of the request alone, and not for its question. */
  isIdempotent = false
  /** What is to be kept, as far as it has come; undefined when it is too large. */
  #kept: Buffer[] | undefined = []
  #keptBytes = 0

  constructor(options: AnswerCareOptions) {
    this.#options = options
  }

  get checksAnswer(): boolean {
    return this.#options.texts !== undefined && this.session?.checksAnswer === true
  }

  /** It comes from the cache: nothing was used. */
  get isHit(): boolean {
    return this.cache !== undefined && "ageMs" in this.cache
  }

  headers(): Record<string, string> {
    const headers: Record<string, string> = {}
    const guards = this.session?.summary ?? ""
    if (guards !== "") headers["x-perdure-guards"] = guards
    if (this.isIdempotent) {
      if (this.isHit) headers["idempotent-replayed"] = "true"
      return headers
    }
    if (this.cache) headers["x-perdure-cache"] = this.cache.kind
    if (this.cache && "ageMs" in this.cache) headers["age"] = String(Math.floor(this.cache.ageMs / 1000))
    return headers
  }

  /** For the record: what was done, never with which content. */
  data(): JsonObject | undefined {
    const guards = this.session?.reports ?? []
    const cache = this.isIdempotent && !this.isHit ? undefined : this.cache
    if (guards.length === 0 && !cache) return undefined
    return {
      ...(guards.length > 0 ? { guards: guards.map((report): JsonValue => ({ ...report })) } : {}),
      ...(cache ? { [this.isIdempotent ? "replayed" : "cache"]: cacheData(cache) } : {}),
    }
  }

  /** Undefined where frames pass as they are. */
  openFilter(): FrameFilter | undefined {
    const { session } = this
    const guard = session?.checksAnswer
      ? this.#options.texts?.openFilter(({ json }) => session.answerText({ json, isWhole: false }))
      : undefined
    if (this.cache?.kind !== "miss") return guard
    return {
      get letOut() {
        return guard?.letOut ?? true
      },
      take: (frame) => {
        this.#keep(frame)
        return guard ? guard.take(frame) : [frame]
      },
      end: (isCut) => guard?.end(isCut) ?? [],
    }
  }

  /** For the cache, a JSON answer that nothing else is done to. */
  keepWhole(body: Buffer): void {
    if (this.cache?.kind === "miss") this.#keep(body)
  }

  /** A JSON answer. */
  whole(body: Buffer): MaybeLater<Buffer> {
    this.keepWhole(body)
    const { session } = this
    const { texts } = this.#options
    if (!texts || !session?.checksAnswer) return body
    const answer = parsed(body)
    const found: { text: string; json: boolean }[] = []
    texts.map(answer, (text, { json }) => {
      found.push({ text, json })
      return text
    })
    const passed = inOrder(found, ({ text, json }) => pass(session, text, json))
    return later(passed, (all) => {
      if (all.every((text, at) => text === found[at]?.text)) return body
      let at = 0
      return Buffer.from(JSON.stringify(texts.map(answer, (text) => all[at++] ?? text)))
    })
  }

  /** The call is over: a whole answer is kept, and whoever waits for it is told. */
  settled(isWhole: boolean, facts: AnswerFacts): void {
    if (this.cache?.kind !== "miss") return
    const kept = this.#kept
    if (isWhole && kept && kept.length > 0) this.cache.store({ frames: kept, facts })
    else this.cache.abandon()
  }

  #keep(frame: Frame): void {
    if (!this.#kept) return
    const bytes = typeof frame === "string" ? Buffer.from(frame) : frame
    this.#keptBytes += bytes.length
    if (this.#keptBytes > this.#options.keptBytesMax) this.#kept = undefined
    else this.#kept.push(bytes)
  }
}

function parsed(body: Buffer): JsonObject {
  let answer: unknown
  try {
    answer = JSON.parse(body.toString())
  } catch {
    // told below
  }
  if (isJsonObject(answer)) return answer
  throw new AppError("upstream_error", "the provider sent an answer that is no JSON object, which the guards cannot look at")
}

function pass(session: GuardSession, text: string, json: boolean): MaybeLater<string> {
  const way = session.answerText({ json, isWhole: true })
  return way ? later(way.push(text), (before) => later(way.end(), (rest) => before + rest)) : text
}

function cacheData(state: CacheState): JsonObject {
  if (state.kind === "miss" || state.kind === "bypass") return { result: state.kind }
  const { kind, ageMs, similarity, facts } = state
  return {
    result: kind,
    ageMs,
    ...(kind === "semantic" ? { similarity } : {}),
    saved: {
      inputTokens: facts.inputTokens,
      outputTokens: facts.outputTokens,
      costMicroUsd: facts.costMicroUsd,
      costKnown: facts.costKnown,
    },
  }
}
