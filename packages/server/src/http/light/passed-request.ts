// The request to a deployment that takes a client's dialect as it is: the client's bytes, in the envelope that its cloud wants around them.
import type { IncomingHttpHeaders } from "node:http"
import { envelopeOf, type Deployment, type UpstreamError } from "../../inference/index.ts"
import type { SentBody } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ForwardedBody } from "./forwarded-body.ts"

export interface PassedRequest {
  path: string
  headers?: Record<string, string>
  body: SentBody
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
  /** The cloud has refused them. */
  withoutBetas?: boolean
}

export function passedRequest({ dialect, deployment, body, headers, adapted, withoutBetas = false }: PassedOptions): PassedRequest {
  const own = dialect.passedHeaders?.(headers)
  const envelope = envelopeOf(deployment, dialect.name)
  if (!envelope) {
    const request = { path: dialect.path, body: adapted ?? body.forUpstream(deployment.upstreamModel) }
    return own ? { ...request, headers: own } : request
  }
  const wishes = { stream: body.stream, betas: withoutBetas ? [] : betasIn(own) }
  return {
    path: envelope.path(deployment, body.stream),
    headers: envelope.headers(wishes),
    body: body.forUpstream(null, envelope.changes(body.top(envelope.looksAt), wishes)),
  }
}

/** Clients name betas that a cloud does not have yet, or never will: what they switch on is missing there then, and the rest is answered. */
export function mayGoWithoutBetas({ answer, message }: UpstreamError, headers: Readonly<IncomingHttpHeaders>): boolean {
  return answer.status === 400 && headers["anthropic-beta"] !== undefined && /\bbeta\b/i.test(message)
}

function betasIn(headers: Readonly<Record<string, string>> | undefined): readonly string[] {
  const named = (headers?.["anthropic-beta"] ?? "").split(",").map((beta) => beta.trim())
  return named.filter((beta) => beta !== "")
}
