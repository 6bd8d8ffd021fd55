// One try whose whole answer is made by a function, of a provider with another form, and taken to the client like one that came over HTTP.
import { AppError, sseEvent, type JsonObject } from "../../core/index.ts"
import type { Deployment, ModelUsage } from "../../inference/index.ts"
import type { Attempt, AttemptEnd } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import type { Relay } from "../light/http-attempt.ts"
import type { LightRunDependencies } from "../light/light-dependencies.ts"

export interface Made {
  contentType: string
  body: Buffer
  usage: ModelUsage
}

export type MadeDependencies = Pick<LightRunDependencies, "natives" | "upstreams" | "limits" | "clock">

export type MakeMedia = (dependencies: MadeDependencies, body: ForwardedBody, deployment: Deployment, signal: AbortSignal) => Promise<Made>

export function madeJson(answer: JsonObject, usage: ModelUsage): Made {
  return { contentType: "application/json", body: Buffer.from(JSON.stringify(answer)), usage }
}

/** All at once, because nothing came before the whole. */
export function madeEvents(events: readonly (JsonObject & { type: string })[], usage: ModelUsage): Made {
  return { contentType: "text/event-stream", body: Buffer.from(events.map((event) => sseEvent(event.type, event)).join("")), usage }
}

/** `{input_tokens, output_tokens, total_tokens}`; undefined where the provider counts none. */
export function tokensTold({ inputTokens, outputTokens, estimated }: ModelUsage): JsonObject | undefined {
  if (estimated || inputTokens + outputTokens === 0) return undefined
  return { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: inputTokens + outputTokens }
}

const nothingToPause = { pause: () => undefined, resume: () => undefined }

export interface MadeAttemptOptions {
  end: AttemptEnd
  make: (signal: AbortSignal) => Promise<Made>
  openRelay: (usage: ModelUsage) => Relay
}

export class MadeAttempt implements Attempt {
  readonly #options: MadeAttemptOptions
  readonly #stopped = new AbortController()
  #relay: Relay | undefined
  over = false

  constructor(options: MadeAttemptOptions) {
    this.#options = options
  }

  get begun(): boolean {
    return this.#relay?.begun ?? false
  }

  start(): void {
    const { end, make } = this.#options
    void make(this.#stopped.signal)
      .then((made) => this.#pass(made))
      .catch((error: unknown) => end.failed(error))
  }

  stop(reason: unknown): void {
    this.over = true
    this.#stopped.abort(reason instanceof Error ? reason : new AppError("cancelled", "the call was stopped"))
  }

  #pass({ contentType, body, usage }: Made): void {
    if (this.over) return
    const relay = this.#options.openRelay(usage)
    this.#relay = relay
    relay.start({ "content-type": contentType }, nothingToPause)
    relay.data(body)
    relay.end()
    this.over = true
  }
}
