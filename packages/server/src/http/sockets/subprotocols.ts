// Browsers cannot set headers on a WebSocket: what they have to say, the key included, comes as a list of subprotocols.
import type { IncomingHttpHeaders } from "node:http"
import type { RequestHeaders } from "../../security/index.ts"

const keyPrefix = "openai-insecure-api-key."

/** The headers with the key that came as a subprotocol; an `Authorization` header goes first. Never the cookie: a page of strangers could ride on it. */
export function credentialsOf(headers: IncomingHttpHeaders): RequestHeaders {
  const { authorization, "x-api-key": apiKey } = headers
  if (authorization !== undefined || apiKey !== undefined) return { authorization, "x-api-key": apiKey }
  const offered = offeredIn(headers["sec-websocket-protocol"]).find((each) => each.startsWith(keyPrefix))
  return offered === undefined ? {} : { authorization: `Bearer ${offered.slice(keyPrefix.length)}` }
}

/**
 * Browsers give up a connection whose server takes none of the offered protocols, so one is always taken: the API's own name, else
 * one that says nothing secret, and the client's key only when there is nothing else.
 */
export function chosenProtocol(offered: ReadonlySet<string>): string | false {
  const all = [...offered]
  const plain = all.filter((each) => !each.startsWith("openai-"))
  return plain[0] ?? all.find((each) => !each.startsWith(keyPrefix)) ?? all[0] ?? false
}

function offeredIn(header: string | undefined): string[] {
  return (header ?? "").split(",").map((each) => each.trim())
}
