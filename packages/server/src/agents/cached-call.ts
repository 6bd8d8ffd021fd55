// A model call past the answer cache: the events of the same call before, or of one that means the same; else made, and kept when it is whole.
import type { JsonObject, JsonValue, Limits, Said } from "../core/index.ts"
import {
  cachePlan,
  type AnswerCache,
  type AnswerFacts,
  type CacheHit,
  type CacheLook,
  type CacheMiss,
  type CachePolicy,
  type CacheWish,
  type CallEvent,
  type CallModel,
  type CallRouting,
  type Deployment,
  type ModelCall,
} from "../inference/index.ts"
import type { CallCost, CostOf, Session } from "./session.ts"

/** The cache of the server, as calls inside of runs use it. */
export interface CallCache {
  readonly answers: Pick<AnswerCache, "find">
  readonly policyOf: (model: string) => CachePolicy | undefined
  /** The logical name of an alias. */
  readonly modelNamed: (name: string) => string
  /** Undefined for one that is not there any more. */
  readonly deploymentOf: (model: string, id: string) => Deployment | undefined
  readonly limits: Pick<Limits, "cacheTtlMs" | "cacheAnswerBytesMax" | "cacheRequestBytesMax">
}

/** What the cache had to do with a call. */
export type CacheFound = { readonly kind: "bypass" | "miss" } | Pick<CacheHit, "kind" | "ageMs" | "facts">

export interface CachedCallOptions {
  readonly cache: CallCache
  readonly callModel: CallModel
  readonly routing: CallRouting
  readonly look: CacheLook
  readonly caller: {
    readonly projectId: string
    readonly principal: string
    readonly user: string | null
    readonly said?: Said | undefined
  }
  readonly costOf: CostOf
  /** Before the first event. */
  readonly onFound: (found: CacheFound) => void
}

/** Changed whenever events that are kept mean something else. */
const dialect = "events.1"

/** What is to be done for the calls of a session to that model; undefined where the cache has nothing to do with them. */
export function cacheLook(session: Session, model: string): ReturnType<typeof cachePlan> {
  const { dependencies, request } = session
  const { callCache: cache } = dependencies
  const wish = request.cache as CacheWish | undefined // parsed when the request came in
  if (!cache) return wish === undefined ? undefined : "bypass"
  const policy = cache.policyOf(cache.modelNamed(model))
  const plan = policy || wish ? cachePlan(policy, wish, cache.limits) : undefined
  // What a provider's own tools find is of the moment.
  return plan !== undefined && (session.tools.passed || holdsWhatIsKept(session)) ? "bypass" : plan
}

/**
 * Memories and stored files are before the model: what it says of them belongs to whoever may see them, and ends when they are erased.
 * Files that a turn before has read are in the label.
 */
function holdsWhatIsKept({ request, passages, label }: Session): boolean {
  if (request.memory !== undefined || passages.length > 0) return true
  return label.sources.some(
    (source) => source.startsWith("memory:") || source.startsWith("file:") || source === "many" || source === "unknown",
  )
}

export function callCached(options: CachedCallOptions, call: ModelCall, signal: AbortSignal): ReturnType<CallModel> {
  const { callModel, routing } = options
  const under: Under = { made: undefined, kept: undefined }
  const make = (): ReturnType<CallModel> => (under.made ??= callModel(call, signal, routing))
  return {
    get deployment(): Deployment {
      return under.kept ?? make().deployment
    },
    get attempts(): number {
      return under.made?.attempts ?? 0
    },
    events: cachedEvents(options, { call, signal, under, make }),
  }
}

interface Under {
  made: ReturnType<CallModel> | undefined
  /** Who made the answer that is given again. */
  kept: Deployment | undefined
}

interface Asked {
  call: ModelCall
  signal: AbortSignal
  under: Under
  make: () => ReturnType<CallModel>
}

async function* cachedEvents(options: CachedCallOptions, asked: Asked): AsyncGenerator<CallEvent> {
  const { cache, onFound } = options
  const { call, signal, under, make } = asked
  const body = { ...call } as unknown as JsonObject // members of a call are plain JSON
  if (Buffer.byteLength(JSON.stringify(body)) > cache.limits.cacheRequestBytesMax) {
    onFound({ kind: "bypass" })
    yield* make().events
    return
  }
  const { look, caller } = options
  const model = cache.modelNamed(call.model)
  const finding = await cache.answers.find({ ...caller, dialect, model, stream: true, usageAsked: true, body, ...look }, signal)
  if (finding.kind === "hit" || finding.kind === "semantic") {
    under.kept = finding.facts.deployment === null ? undefined : cache.deploymentOf(call.model, finding.facts.deployment)
    if (under.kept) {
      onFound(finding)
      for (const frame of finding.frames) yield JSON.parse(frame.toString()) as CallEvent // written below
      return
    }
  }
  onFound({ kind: finding.kind === "bypass" ? "bypass" : "miss" })
  if (finding.kind === "miss") yield* keptEvents(options, finding, make)
  else yield* make().events
}

async function* keptEvents({ cache, costOf }: CachedCallOptions, miss: CacheMiss, make: Asked["make"]): AsyncGenerator<CallEvent> {
  const frames = new KeptFrames(cache.limits.cacheAnswerBytesMax)
  let isStored = false
  try {
    const made = make()
    for await (const event of made.events) {
      frames.add(event)
      const kept = event.type === "finished" ? frames.whole : undefined
      if (kept && event.type === "finished") {
        isStored = true
        const { deployment } = made
        const cost = costOf({ model: deployment.upstreamModel, deployment, usage: event.usage })
        miss.store({ frames: kept, facts: factsOf(deployment, event.usage, cost) })
      }
      yield event
    }
  } finally {
    if (!isStored) miss.abandon()
  }
}

function factsOf(
  { id }: Deployment,
  { inputTokens, outputTokens }: { inputTokens: number; outputTokens: number },
  { costMicroUsd, costKnown }: CallCost,
): AnswerFacts {
  return { deployment: id, inputTokens, outputTokens, costMicroUsd, costKnown }
}

/** The events of an answer as bytes, one frame for each, so that it comes again in the same pieces. */
class KeptFrames {
  readonly #bytesMax: number
  #frames: Buffer[] | undefined = []
  #sizeBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Undefined of one that is too large, or was pieced together from two deployments. */
  get whole(): readonly Buffer[] | undefined {
    return this.#frames
  }

  add(event: CallEvent): void {
    if (event.type === "failover") this.#frames = undefined
    if (!this.#frames) return
    // What a slower attempt used was paid then.
    const { alsoUsed: _, ...plain } = event as CallEvent & { alsoUsed?: unknown }
    const frame = Buffer.from(JSON.stringify(plain))
    this.#sizeBytes += frame.length
    if (this.#sizeBytes > this.#bytesMax) this.#frames = undefined
    else this.#frames.push(frame)
  }
}

/** For the log: what the hit saved. Nothing was used. */
export function cacheData(found: Exclude<CacheFound, { kind: "bypass" | "miss" }>): JsonValue {
  const { kind, ageMs, facts } = found
  const { deployment: _, ...saved } = facts
  return { result: kind, ageMs, saved }
}
