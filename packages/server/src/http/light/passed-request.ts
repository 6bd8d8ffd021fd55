// The request to a deployment that takes a client's dialect as it is: the client's bytes, in the envelope that its cloud wants around them.
import type { IncomingHttpHeaders } from "node:http"
import { envelopeOf, type Deployment, type UpstreamError } from "../../inference/index.ts"
import type { SentBody } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ForwardedBody } from "./forwarded-body.ts"
import type { RefusedBetas } from "./refused-betas.ts"

export interface PassedRequest {
  path: string
  headers?: Record<string, string>
  body: SentBody
  /** In an envelope: those of the client's that go with it. */
  betas?: readonly string[]
}

export interface PassedOptions {
  dialect: ClientDialect
  deployment: Deployment
  /** With the parameters of the deployment's configuration. */
  body: ForwardedBody
  /** Of the client. */
  headers: Readonly<IncomingHttpHeaders>
  /** Sent in place of the client's bytes where there is no envelope. */
  adapted: SentBody | undefined
  refusedBetas: RefusedBetas
}

export function passedRequest({ dialect, deployment, body, headers, adapted, refusedBetas }: PassedOptions): PassedRequest {
  const own = dialect.passedHeaders?.(headers)
  const envelope = envelopeOf(deployment, dialect.name)
  if (!envelope) {
    const request = { path: dialect.path, body: adapted ?? body.forUpstream(deployment.upstreamModel) }
    return own ? { ...request, headers: own } : request
  }
  const wishes = { stream: body.stream, betas: refusedBetas.withoutRefused(deployment.id, betasIn(own ?? {})) }
  return {
    path: envelope.path(deployment, body.stream),
    headers: envelope.headers(wishes),
    body: body.forUpstream(null, envelope.changes(body.top(envelope.looksAt), wishes)),
    betas: wishes.betas,
  }
}

/**
 * Clients name betas that a cloud does not have yet, or never will: what they switch on is missing there then, and the rest is answered.
 * Whether the refusal is of that kind, and leaves fewer to send.
 */
export function mayGoWithoutBetas(
  { answer, message }: UpstreamError,
  sent: readonly string[],
  { deployment, headers, refusedBetas }: Pick<PassedOptions, "deployment" | "headers" | "refusedBetas">,
): boolean {
  if (answer.status !== 400 || !/\bbeta\b/i.test(message)) return false
  return refusedBetas.refused(deployment.id, { betas: betasIn(headers), sent, message })
}

function betasIn(headers: Readonly<IncomingHttpHeaders>): readonly string[] {
  const given = headers["anthropic-beta"]
  const named = (Array.isArray(given) ? given.join() : (given ?? "")).split(",").map((beta) => beta.trim())
  return named.filter((beta) => beta !== "")
}
