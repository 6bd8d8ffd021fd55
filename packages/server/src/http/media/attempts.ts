// The tries of one media call: passed on where the provider has OpenAI's form, made where it has another.
import type { JsonObject } from "../../core/index.ts"
import { hasOwnForm, type Deployment, type ModelUsage } from "../../inference/index.ts"
import { AnswerAttempt } from "../light/answer-attempt.ts"
import { configuredBody } from "../light/configured-body.ts"
import type { Attempt, AttemptEnd } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { HttpAttempt, type Relay } from "../light/http-attempt.ts"
import type { LightCall } from "../light/light-call.ts"
import type { LightRunDependencies } from "../light/light-dependencies.ts"
import { PassRelay } from "../light/pass-relay.ts"
import { usageFromTail } from "../light/usage-tail.ts"
import type { MediaEndpoint } from "./endpoints.ts"
import { MadeAttempt } from "./made.ts"
import { makeRerank, ranksInItsOwnForm } from "./rerank.ts"
import { TranscriptRelay } from "./transcript-relay.ts"

export interface MediaAttemptsOptions {
  dependencies: LightRunDependencies
  endpoint: MediaEndpoint
  call: LightCall
  body: ForwardedBody
}

export class MediaAttempts {
  readonly #options: MediaAttemptsOptions
  readonly #headers: Readonly<Record<string, string>>
  readonly #usageOfRequest: ModelUsage | undefined
  /** The answer is an event stream, which can be told an error. */
  streams = false

  constructor(options: MediaAttemptsOptions) {
    const { endpoint, call, body } = options
    this.#options = options
    this.#headers = { "content-type": call.hot.request.headers["content-type"] ?? "application/json" }
    this.#usageOfRequest = endpoint.usageOfRequest?.(body.parsed())
  }

  open(deployment: Deployment, end: AttemptEnd): Attempt {
    const { dependencies, endpoint, call, body } = this.#options
    const { made, kind, upstreamPath: path } = endpoint
    const asked = configuredBody(body, deployment, endpoint.made?.service ?? "other")
    if (kind === "rerank" && ranksInItsOwnForm(deployment))
      return new AnswerAttempt(call, end, (signal) => makeRerank(dependencies, asked, deployment, signal))
    if (made && hasOwnForm(deployment, made.service))
      return new MadeAttempt({
        end,
        make: (signal) => made.make(dependencies, asked, deployment, signal),
        openRelay: (usage) => this.#relay(deployment, end, { usageOf: () => usage, usageInTail: () => usage }),
      })
    const usageOf = (answer: JsonObject): ModelUsage | undefined => endpoint.usageOf(answer, asked.parsed())
    const usageInTail = (tail: Buffer): ModelUsage | undefined => usageFromTail(tail, (usage) => usageOf({ usage: usage ?? null }))
    const relay = this.#relay(deployment, end, { usageOf, usageInTail })
    const request = endpoint.word?.(asked, deployment) ?? { body: asked.forUpstream(deployment.upstreamModel) }
    return new HttpAttempt({ dependencies, call, deployment, end, path, headers: this.#headers, ...request, relay })
  }

  #relay(
    deployment: Deployment,
    end: AttemptEnd,
    usage: Pick<ConstructorParameters<typeof PassRelay>[0], "usageOf" | "usageInTail">,
  ): Relay {
    const { dependencies, call } = this.#options
    const heldBytesMax = dependencies.limits.heldAnswerBytesMax
    const common = { call, deployment, heldBytesMax, onStream: () => (this.streams = true), ...usage }
    const guards = call.care?.checksAnswer === true ? call.care.session : undefined
    return guards
      ? new TranscriptRelay({ ...common, guards, end })
      : new PassRelay({ ...common, usageOfRequest: this.#usageOfRequest, begins: () => end.begins() })
  }
}
