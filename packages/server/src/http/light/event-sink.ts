// Takes model events to the client in its own dialect: as frames while they come, or as one JSON answer at their end.
import type { ModelEvent } from "../../inference/index.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ClientStream } from "./client-stream.ts"
import type { AttemptEnd } from "./forward.ts"
import type { LightCall } from "./light-call.ts"
import { sendWhole } from "./whole-answer.ts"
import type { Transcript } from "./transcript.ts"

export interface EventSink {
  take(event: ModelEvent): void
  /** All events are there; the call is settled. */
  finish(): void
  readonly begun: boolean
}

export interface EventSinkOptions {
  call: LightCall
  dialect: ClientDialect
  /** The name that the answer shows. */
  model: string
  usageAsked: boolean
  /** Told before the first of it goes to the client, and of what was refused after a wait. */
  end: AttemptEnd
}

/** Events that say something; the head of the answer waits for one. */
function isContent(event: ModelEvent): boolean {
  return event.type !== "finished"
}

/** Another model is asked where nothing of it was sent, and one stands by. */
function refuseFiltered({ call, end }: EventSinkOptions, event: ModelEvent): void {
  if (event.type !== "finished" || event.reason !== "content_filter" || !call.deployment || !end.hasContentFallback) return
  throw call.filtered(call.deployment, event.usage)
}

function observe(call: LightCall, event: ModelEvent): void {
  if (event.type === "finished") call.usage = event.usage
  else {
    call.sawFirstToken()
    call.outputTokensSeen += 1
  }
}

export function renderOptions({
  call,
  model,
  usageAsked,
}: Omit<EventSinkOptions, "end" | "dialect">): Parameters<ClientDialect["chunks"]>[0] {
  const options = { id: call.completionId, createdAt: call.hot.startedAtEpochMs, model, usageAsked }
  const { contextEdits, compaction } = call
  return { ...options, ...(contextEdits === undefined ? {} : { contextEdits }), ...(compaction === undefined ? {} : { compaction }) }
}

/** Models that know functions only call custom tools like one. */
function marked({ customTools }: LightCall, event: ModelEvent): ModelEvent {
  return event.type === "tool-call-started" && customTools?.has(event.name) ? { ...event, custom: true } : event
}

export interface StreamSinkOptions extends EventSinkOptions {
  client: ClientStream
  continued?: (event: ModelEvent) => string[]
  transcript: Transcript | undefined
}

export class StreamSink implements EventSink {
  readonly #options: StreamSinkOptions
  readonly #frames: (event: ModelEvent) => string[]
  begun: boolean

  /** `continued` renders what follows an answer that broke off elsewhere; the first of it has reached the client long ago. */
  constructor(options: StreamSinkOptions) {
    this.#options = options
    this.#frames = options.continued ?? options.dialect.chunks(renderOptions(options))
    this.begun = options.continued !== undefined
  }

  take(given: ModelEvent): void {
    const { call, client, transcript } = this.#options
    const event = marked(call, given)
    if (!this.begun) refuseFiltered(this.#options, event)
    if (!this.begun && isContent(event)) this.#begin()
    observe(call, event)
    transcript?.rendered(event)
    const frames = this.#frames(event)
    if (frames.length > 1) client.join()
    for (const frame of frames) client.write(frame)
    call.responseBytes = client.sizeBytes
  }

  finish(): void {
    const { call, client, dialect } = this.#options
    if (!this.begun) this.#begin()
    client.end(dialect.doneFrame, () => {
      call.responseBytes = client.sizeBytes
      call.settle("completed", 200)
    })
  }

  #begin(): void {
    this.#options.end.begins()
    this.begun = true
  }
}

export class WholeSink implements EventSink {
  readonly #options: EventSinkOptions
  readonly #events: ModelEvent[] = []
  begun = false

  constructor(options: EventSinkOptions) {
    this.#options = options
  }

  take(event: ModelEvent): void {
    refuseFiltered(this.#options, event)
    observe(this.#options.call, event)
    this.#events.push(marked(this.#options.call, event))
  }

  finish(): void {
    const { call, dialect, end } = this.#options
    const text = JSON.stringify(dialect.whole(renderOptions(this.#options), this.#events))
    end.begins()
    this.begun = true
    sendWhole(call, Buffer.from(text), (error) => end.failed(error))
  }
}
