// One call under way: its bytes to deployments that speak its dialect, its meaning to all others, and their answers back.
import type { NewId } from "../../core/index.ts"
import {
  configuredCall,
  continuedCall,
  dialectOf,
  envelopeOf,
  eventsOf,
  isNative,
  takesAsItIs,
  mayRunTools,
  tellsOfToolsRun,
  withTierTold,
  withToolsRun,
  type Deployment,
  type Model,
  type ModelCall,
  type ModelEvent,
  type ModelUsage,
  type ProviderReader,
  type UpstreamError,
} from "../../inference/index.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ClientStream, Pausable } from "./client-stream.ts"
import { configuredBody } from "./configured-body.ts"
import { EventRelay } from "./event-relay.ts"
import { renderOptions, StreamSink, WholeSink, type EventSink } from "./event-sink.ts"
import { Forward, type Attempt, type AttemptEnd, type ForwardOptions, type OpenAttempt } from "./forward.ts"
import type { ForwardedBody } from "./forwarded-body.ts"
import { HttpAttempt, type HttpAttemptOptions, type Relay } from "./http-attempt.ts"
import { JsonRelay } from "./json-relay.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { NativeAttempt } from "./native-attempt.ts"
import { openClient } from "./open-client.ts"
import { mayGoWithoutBetas, passedRequest } from "./passed-request.ts"
import { planOf } from "./plan-of.ts"
import { withRecalls } from "./recalls.ts"
import { StreamRelay } from "./stream-relay.ts"
import { watchStream } from "./stream-watch.ts"
import { Transcript } from "./transcript.ts"
import { tierFromTail, usageFromTail } from "./usage-tail.ts"

/** Its head has gone out when it becomes known, so it follows the answer. */
const failoverTrailer = "x-perdure-failover"

const noBetas: readonly string[] = []
/** A second refusal may name what the first one did not. */
const passingAmendmentsMax = 2

export class Served {
  readonly #dependencies: LightRunDependencies
  readonly #dialect: ClientDialect
  readonly #call: LightCall
  readonly #body: ForwardedBody
  /** Of a streamed answer. */
  readonly #client: ClientStream | undefined
  #parsed: ModelCall | undefined
  /** Kept where an answer that breaks off may be gone on with. */
  #transcript: Transcript | undefined
  #forward: Forward | undefined
  /** Those that the last request in an envelope named. */
  #betas = noBetas

  constructor(dependencies: LightRunDependencies, dialect: ClientDialect, call: LightCall, body: ForwardedBody) {
    this.#dependencies = dependencies
    this.#dialect = dialect
    this.#call = call
    this.#body = body
    this.#client = body.stream ? openClient(dependencies, call, (error) => this.#forward?.failCurrent(error)) : undefined
  }

  /** The way through the deployments of the model; its record is written when the call settles. */
  start(model: Model): void {
    const dependencies = this.#dependencies
    const call = this.#call
    const client = this.#client
    const plan = planOf(dependencies, call, this.#body, model, "chat")
    const openAttempt = (deployment: Deployment, end: AttemptEnd): Attempt => this.#openAttempt(deployment, end)
    const failBegun = (error: unknown, onEnded: () => void): void => {
      if (client) return client.fail(this.#dialect.errorFrame(error, call.hot.requestId), onEnded)
      // A JSON answer that has begun cannot be told an error; cutting it is the only honest end.
      call.hot.response.destroy()
      onEnded()
    }
    if (client && plan.failover === "continue") this.#remember(client)
    const continuation = (): OpenAttempt | undefined => this.#continuation()
    const amend: ForwardOptions["amend"] = (error, deployment, before) => this.#amended(error, deployment, before)
    const forward = new Forward({ dependencies, call, plan, openAttempt, amend, continuation, failBegun })
    this.#forward = forward
    if (client) watchStream(dependencies, call, client, (error: UpstreamError) => forward.failCurrent(error))
    forward.start()
  }

  #openAttempt(deployment: Deployment, end: AttemptEnd): Attempt {
    this.#client?.feedFrom(undefined)
    // What was compacted here is told in the answer, and what is recalled here comes in it: it is made here too.
    const isOurs = this.#call.compaction !== undefined || (this.#call.recalls && this.#body.has("context_management"))
    if (takesAsItIs(deployment, this.#dialect.name) && !isOurs)
      return this.#sameDialect(deployment, end, this.#dialect.passing?.(this.#bodyFor(deployment), deployment))
    const call = this.#modelCall()
    if ((call.cleared?.length ?? 0) > 0) return this.#recalling(deployment, end, call)
    if (isNative(deployment)) return this.#native(deployment, end, this.#sink(this.#named(deployment), end), call)
    return this.#translated(deployment, end, this.#sink(this.#named(deployment), end), call)
  }

  #bodyFor(deployment: Deployment): ForwardedBody {
    return configuredBody(this.#body, deployment, this.#dialect.kind)
  }

  #remember(client: ClientStream): void {
    const { limits, newId } = this.#dependencies
    const render = renderOptions({ call: this.#call, model: this.#body.model, usageAsked: this.#body.usageAsked })
    this.#transcript = new Transcript({ dialect: this.#dialect, newId, sizeBytesMax: limits.failoverTextBytesMax, render })
    client.trailer = failoverTrailer
  }

  #continuation(): OpenAttempt | undefined {
    const continued = this.#transcript?.continued()
    if (!continued) return undefined
    const call = continuedCall(this.#modelCall(), continued.text)
    this.#call.goesOn(continued.text.length)
    return (deployment, end) => {
      this.#call.hot.response.addTrailers({ [failoverTrailer]: `to ${deployment.id} after ${continued.text.length} characters` })
      this.#client?.feedFrom(undefined)
      const sink = this.#sink(this.#named(deployment), end, continued.render)
      return isNative(deployment) ? this.#native(deployment, end, sink, call) : this.#translated(deployment, end, sink, call)
    }
  }

  #sameDialect(deployment: Deployment, end: AttemptEnd, passing: Buffer | "translated" | undefined): Attempt {
    if (passing === "translated") return this.#translated(deployment, end, this.#sink(this.#named(deployment), end), this.#modelCall())
    return this.#passed(deployment, end, passing)
  }

  /** Another way to ask, where the refusal is about something that the provider has otherwise. */
  #amended(refusal: UpstreamError, deployment: Deployment, before: number): OpenAttempt | undefined {
    const { headers } = this.#call.hot.request
    const { refusedBetas } = this.#dependencies
    if (envelopeOf(deployment, this.#dialect.name) && mayGoWithoutBetas(refusal, this.#betas, { deployment, headers, refusedBetas }))
      return (place, end) => this.#passed(place, end, undefined)
    if (deployment.dialect !== this.#dialect.name || before >= passingAmendmentsMax) return undefined
    const passing = this.#dialect.passing?.(this.#bodyFor(deployment), deployment, refusal)
    return passing && ((place, end) => this.#sameDialect(place, end, passing))
  }

  #passed(deployment: Deployment, end: AttemptEnd, adapted: Buffer | undefined): Attempt {
    const { headers } = this.#call.hot.request
    const body = this.#bodyFor(deployment)
    const { refusedBetas } = this.#dependencies
    const request = passedRequest({ dialect: this.#dialect, deployment, body, headers, adapted, refusedBetas })
    if (request.betas) this.#betas = request.betas
    return this.#http(deployment, end, { ...request, relay: this.#passRelay(deployment, end) })
  }

  #passRelay(deployment: Deployment, end: AttemptEnd): Relay {
    const call = this.#call
    const dialect = this.#dialect
    const client = this.#client
    const { limits, newId } = this.#dependencies
    const tellsTier = dialect.name === "openai-chat"
    const usageIn = (tail: Buffer): ModelUsage | undefined => {
      const usage = usageFromTail(tail, dialect.usageOf)
      if (!tellsTier) return usage && dialect.charged ? dialect.charged(usage, this.#body, tail) : usage
      const told = withTierTold(usage, tierFromTail(tail))
      return told && mayRunTools(deployment) && tellsOfToolsRun(tail) ? withToolsRun(told) : told
    }
    if (!client) {
      const mustBeWhole = call.care?.checksAnswer === true
      const heldBytesMax = mustBeWhole ? limits.guardedAnswerBytesMax : limits.heldAnswerBytesMax
      return new JsonRelay({ call, deployment, heldBytesMax, mustBeWhole, usageIn, end })
    }
    const spoken = { ...deployment, dialect: dialect.name }
    const openWhole = (): Relay =>
      this.#eventRelay(deployment, openReader(spoken, newId, this.#body.sizeBytes), this.#sink(deployment.upstreamModel, end))
    return new StreamRelay({
      call,
      client,
      dialect,
      deployment,
      wrapped: envelopeOf(deployment, dialect.name)?.wrappedStream,
      body: this.#body,
      openWhole,
      end,
      transcript: this.#transcript,
    })
  }

  #translated(deployment: Deployment, end: AttemptEnd, sink: EventSink, call: ModelCall): Attempt {
    const request = dialectOf(deployment).chatRequest(configuredCall(call, deployment), deployment, { stream: this.#body.stream })
    const reader = openReader(deployment, this.#dependencies.newId, request.body.length)
    return this.#http(deployment, end, { ...request, relay: this.#eventRelay(deployment, reader, sink) })
  }

  #native(deployment: Deployment, end: AttemptEnd, sink: EventSink, request: ModelCall): Attempt {
    const feedFrom = (source: Pausable | undefined): void => this.#client?.feedFrom(source)
    return new NativeAttempt({ dependencies: this.#dependencies, deployment, request, sink, end, feedFrom })
  }

  /** Calls of the model that read what was cleared are answered here, as often as a response may take turns. */
  #recalling(deployment: Deployment, end: AttemptEnd, request: ModelCall): Attempt {
    const dependencies = this.#dependencies
    const feedFrom = (source: Pausable | undefined): void => this.#client?.feedFrom(source)
    this.#call.wasSent()
    const sink = this.#sink(this.#named(deployment), end)
    const events = (signal: AbortSignal): AsyncIterable<ModelEvent> =>
      withRecalls((call) => eventsOf(dependencies, deployment, call, signal), request, dependencies.limits.turnsMax)
    return new NativeAttempt({ dependencies, deployment, request, sink, end, feedFrom, events })
  }

  #eventRelay(deployment: Deployment, reader: ProviderReader, sink: EventSink): Relay {
    return new EventRelay({ deployment, reader, sink, feedFrom: (source) => this.#client?.feedFrom(source) })
  }

  /** The model that an answer names which is made here. */
  #named(deployment: Deployment): string {
    return isNative(deployment) || this.#dialect.namesAsked ? this.#body.model : deployment.upstreamModel
  }

  #sink(model: string, end: AttemptEnd, continued?: (event: ModelEvent) => string[]): EventSink {
    const options = { call: this.#call, dialect: this.#dialect, model, usageAsked: this.#body.usageAsked, end }
    if (!this.#client) return new WholeSink(options)
    return new StreamSink({ ...options, client: this.#client, transcript: this.#transcript, ...(continued ? { continued } : {}) })
  }

  #http(deployment: Deployment, end: AttemptEnd, request: Pick<HttpAttemptOptions, "path" | "headers" | "body" | "relay">): Attempt {
    return new HttpAttempt({ dependencies: this.#dependencies, call: this.#call, deployment, end, ...request })
  }

  #modelCall(): ModelCall {
    this.#parsed ??= this.#dialect.parse(this.#body.parsed(), { recalls: this.#call.recalls })
    this.#call.contextEdits = this.#parsed.contextEdits ?? this.#call.contextEdits
    const custom = this.#parsed.tools.flatMap((tool) => (tool.custom ? [tool.name] : []))
    if (custom.length > 0) this.#call.customTools = new Set(custom)
    return this.#parsed
  }
}

function openReader(deployment: Deployment, newId: NewId, inputChars: number): ProviderReader {
  return dialectOf(deployment).openReader({ deployment, newId, inputChars })
}
