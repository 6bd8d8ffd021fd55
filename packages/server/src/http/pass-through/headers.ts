// Which headers go through: what belongs to one connection, to this server or to its account at the provider does not.
import type { IncomingHttpHeaders } from "node:http"

type Headers = Record<string, string | string[]>

/** Of one connection, or said anew by whoever sends. */
const ofConnection = /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|expect|host)$/

/** Credentials, and what the caller may not choose of the account; who called this server from where. */
const ofCaller =
  /^(?:authorization|cookie2?|x-api-key|api-key|x-goog-api-key|x-goog-user-project|openai-(?:organization|project)|x-perdure-.*|forwarded|x-forwarded-.*|x-real-ip|via|origin|referer|sec-.*|traceparent|tracestate|baggage)$/

/** Of the account, which many share; of a browser's trust in an origin that is not this one. */
const ofProvider =
  /^(?:set-cookie2?|x-ratelimit-.*|anthropic-ratelimit-.*|anthropic-organization-id|openai-(?:organization|project)|x-perdure-.*|x-request-id|request-id|access-control-.*|strict-transport-security|alt-svc|www-authenticate|clear-site-data|service-worker-allowed)$/

/** The caller's, under those of the provider in the configuration. */
export function requestHeaders(incoming: IncomingHttpHeaders, own: Readonly<Record<string, string>>): Headers {
  const headers = passed(incoming, ofCaller)
  for (const [name, value] of Object.entries(own)) {
    const lower = name.toLowerCase()
    // What is sent is the caller's business, and so is the version of the API that it speaks.
    if (lower !== "content-type" && !(lower === "anthropic-version" && headers[lower] !== undefined)) headers[lower] = value
  }
  return headers
}

export function responseHeaders(incoming: IncomingHttpHeaders): Headers {
  return passed(incoming, ofProvider)
}

function passed(incoming: IncomingHttpHeaders, not: RegExp): Headers {
  const named = new Set(
    (incoming.connection ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  )
  const headers: Headers = {}
  for (const [name, value] of Object.entries(incoming))
    if (value !== undefined && !ofConnection.test(name) && !not.test(name) && !named.has(name)) headers[name] = value
  return headers
}
