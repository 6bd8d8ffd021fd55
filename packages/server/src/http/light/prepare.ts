// What happens between the admission of a call and its deployments: guards look at the request, the cache may have the answer.
// Only a guard that asks somebody, an embedding or the shared level of the cache makes it wait.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import {
  cachePlan,
  cacheWish,
  idempotentLook,
  type CacheHit,
  type CachePlan,
  type CachePolicy,
  type CacheQuestion,
  type AnswerCache,
  type Capabilities,
  type Model,
} from "../../inference/index.ts"
import { endpointGroupOf, type GuardSession } from "../../security/index.ts"
import { admitElsewhere } from "./admit.ts"
import { AnswerCare } from "./answer-care.ts"
import { BodyBytes } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ForwardedBody } from "./forwarded-body.ts"
import type { AnswerTexts } from "./frame-filter.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { refuse, told } from "./refuse.ts"
import { requestTexts, withRequestTexts } from "./request-texts.ts"
import { later, type MaybeLater } from "./text-channels.ts"

/** The cache of the server, and which models are declared to use it. */
export interface ModelCache {
  answers: AnswerCache
  policyOf(model: string): CachePolicy | undefined
}

/** What is asked, of which model; guards may change both. */
export interface Asked {
  body: ForwardedBody
  model: Model
  /** What its client sent, where memory put something in. */
  sent?: JsonObject
}

/** What is needed of the kind of call: a client's dialect, or one whose answers have no texts of a model. */
export interface PreparedDialect extends Pick<ClientDialect, "readBody"> {
  readonly name: string
  readonly kind?: ClientDialect["kind"]
  readonly texts: AnswerTexts | undefined
  /** What a model must do that a guard sends the call to; chat when absent. */
  readonly needs?: keyof Capabilities
}

export interface PrepareOptions {
  dependencies: LightRunDependencies
  dialect: PreparedDialect
  call: LightCall
  /** Nothing stands in the way of the call. */
  go: (asked: Asked) => void
  /** The cache has its answer. */
  answer: (asked: Asked, hit: Pick<CacheHit, "frames">) => void
}

/** Whether guards or the cache can have to do with a call at all: four looks, no more. */
export function needsPreparing({ guards, cache }: LightRunDependencies, { hot }: LightCall, { body, model }: Asked): boolean {
  if (guards?.isEmpty === false || body.perdure !== undefined || cache?.policyOf(model.name) !== undefined) return true
  return cache !== undefined && hot.request.headers["idempotency-key"] !== undefined
}

export function prepare(options: PrepareOptions, asked: Asked): void {
  const { dependencies, call, go } = options
  const guards = dependencies.guards?.isEmpty === false ? dependencies.guards : undefined
  const left = guards && leftSignal(call)
  const session = left && guards.open(guardContext(call, asked, left), call.hot.principal.scope?.allowsModel)
  const plan = cachePlanOf(dependencies, call, asked)
  if (!session && plan === undefined) return go(asked)
  const { dialect } = options
  call.care = new AnswerCare({ texts: dialect.texts, keptBytesMax: dependencies.limits.cacheAnswerBytesMax })
  call.care.session = session
  const prepared = new Prepared(options, left ?? leftSignal(call)).run(asked, session)
  if (prepared instanceof Promise) prepared.catch((error: unknown) => failed(options, error))
}

/** Aborted when the client leaves before its answer is complete. */
export function leftSignal({ hot: { response } }: LightCall): AbortSignal {
  const left = new AbortController()
  response.on("close", () => {
    if (!response.writableFinished) left.abort(clientLeft())
  })
  return left.signal
}

function guardContext(
  call: LightCall,
  { model }: Asked,
  signal: AbortSignal,
): Parameters<NonNullable<LightRunDependencies["guards"]>["open"]>[0] {
  const { principal, request } = call.hot
  const [path = ""] = (request.url ?? "").split("?", 1)
  return {
    endpoint: guardedAs(endpointGroupOf(path) ?? ""),
    runId: call.runId,
    projectId: principal.projectId,
    principal: principal.id,
    user: call.request.user,
    model: model.name,
    tags: principal.tags,
    said: call.request.said,
    signal,
  }
}

/** A guard of chats may not be passed by asking for the same in another way. */
function guardedAs(group: string): string {
  return group === "completions" ? "chat" : group
}

/** Headers are read only where the model or the request has to do with the cache. */
function cachePlanOf({ cache, limits }: LightRunDependencies, call: LightCall, { body, model }: Asked): CachePlan {
  const policy = cache?.policyOf(model.name)
  const field = isJsonObject(body.perdure) ? body.perdure["cache"] : undefined
  const { headers } = call.hot.request
  if (!cache || (!policy && field === undefined && headers["idempotency-key"] === undefined)) return undefined
  const wish = cacheWish(field, headers)
  const isTooLarge = body.sizeBytes > limits.cacheRequestBytesMax
  // What memory put in may not answer anybody else's question; a request that is sent again is the same one all the same.
  if (call.memory && headers["idempotency-key"] === undefined) return policy || wish ? "bypass" : undefined
  const plan = call.memory ? undefined : cachePlan(policy, wish, limits)
  if (plan === undefined) return wish?.mode === "off" || isTooLarge ? undefined : idempotentLook(headers, limits)
  return isTooLarge ? "bypass" : plan
}

class Prepared {
  readonly #options: PrepareOptions
  readonly #left: AbortSignal

  constructor(options: PrepareOptions, left: AbortSignal) {
    this.#options = options
    this.#left = left
  }

  run(asked: Asked, session: GuardSession | undefined): MaybeLater<void> {
    const checked = session?.checksRequest ? this.#guarded(asked, session) : asked
    return later(checked, (each) => this.#fromCache(each))
  }

  #guarded(asked: Asked, session: GuardSession): MaybeLater<Asked> {
    const { dialect } = this.#options
    const parsed = asked.body.parsed()
    if (hasTokens(parsed)) throw unreadableTokens()
    const texts = requestTexts(parsed)
    return later(session.before(texts), ({ texts: clean, model }) => {
      if (clean === texts && model === undefined) return asked
      const changed = { ...withRequestTexts(parsed, clean), ...(model === undefined ? {} : { model }) }
      const body = { ...dialect.readBody(new BodyBytes([Buffer.from(JSON.stringify(changed))])), perdure: asked.body.perdure }
      return model === undefined ? { ...asked, body } : this.#elsewhere({ ...asked, body }, model)
    })
  }

  /** The limits of the model that serves it bind it, not of the one that it was admitted to. */
  #elsewhere(asked: Asked, name: string): MaybeLater<Asked> {
    const { dependencies, call, dialect } = this.#options
    const model = dependencies.models.require(name, dialect.needs ?? "chat")
    if (model.name === asked.model.name) return { ...asked, model }
    return later(admitElsewhere(dependencies, call, model), () => ({ ...asked, model }))
  }

  #fromCache(asked: Asked): MaybeLater<void> {
    const { dependencies, call, dialect, go, answer } = this.#options
    const { care } = call
    // Again, as a guard may have chosen another model.
    const plan = cachePlanOf(dependencies, call, asked)
    if (this.#left.aborted) throw clientLeft()
    if (!care || !dependencies.cache || plan === undefined) return go(asked)
    if (plan === "bypass") {
      care.cache = { kind: "bypass" }
      return go(asked)
    }
    care.isIdempotent = plan.idempotencyKey !== undefined
    const { principal } = call.hot
    const { body, model } = asked
    const question = {
      projectId: principal.projectId,
      principal: principal.id,
      user: call.request.user,
      said: call.request.said,
      dialect: dialect.kind === "completions" ? dialect.kind : dialect.name,
      model: model.name,
      stream: body.stream,
      usageAsked: body.usageAsked,
      body: asked.sent ?? body.parsed(),
      parameters: parametersOf(model),
      ...plan,
    }
    return later(dependencies.cache.answers.find(question, this.#left), (finding) => {
      care.cache = finding
      if (this.#left.aborted) throw clientLeft()
      if (finding.kind === "hit" || finding.kind === "semantic") answer(asked, finding)
      else go(asked)
    })
  }
}

/** Answers that were made under other parameters are not the model's any more. */
function parametersOf({ deployments }: Model): CacheQuestion["parameters"] {
  if (!deployments.some(({ parameters }) => parameters !== undefined)) return undefined
  return deployments.map(({ parameters }) => parameters ?? null)
}

/** A prompt in tokens is a text that no guard can read. */
function hasTokens({ prompt }: JsonObject): boolean {
  return Array.isArray(prompt) && (prompt as readonly JsonValue[]).some((each) => typeof each !== "string")
}

function unreadableTokens(): AppError {
  return new AppError("unsupported_value", '"prompt" is tokens, which the guards of this server cannot read', {
    param: "prompt",
    hint: "Send the text itself.",
  })
}

function clientLeft(): AppError {
  return new AppError("client_closed_request", "the client closed the connection")
}

function failed({ dependencies, call }: PrepareOptions, error: unknown): void {
  if (call.hot.response.destroyed) call.settle("cancelled", 499, told(clientLeft()))
  else refuse(dependencies, call.hot, call, error)
}
