// What a request says to this server alone: in the `perdure` object of its body, or in the header for clients that cannot change it.
import type { IncomingHttpHeaders } from "node:http"
import { AppError, isJsonObject, type JsonValue } from "../../core/index.ts"
import { parseRouting, parseRoutingHeader, routingHeader, type RoutingRequest } from "../../inference/index.ts"
import { checkedMetadata } from "../routing-rules/request-metadata.ts"

/** The body's word goes before the header's. */
export function routingOf(perdure: JsonValue | undefined, headers: Readonly<IncomingHttpHeaders>): RoutingRequest {
  const header = headers[routingHeader]
  if (perdure === undefined && header === undefined) return noRouting
  const fromHeader = typeof header === "string" ? parseRoutingHeader(header) : noRouting
  if (perdure === undefined) return fromHeader
  return { ...fromHeader, ...parseRouting(routingPart(perdure ?? null)) }
}

/** Other members of the object are for others to read. */
function routingPart(perdure: JsonValue): JsonValue {
  if (!isJsonObject(perdure)) return perdure
  const { cache: _cache, subject: _subject, metadata, prompt, ...routing } = perdure
  checkedMetadata(metadata, "perdure.metadata")
  // Where prompts are filled in, it has been taken out.
  if (prompt !== undefined && prompt !== null)
    throw new AppError("unsupported_value", '"perdure.prompt" has no meaning here', {
      param: "perdure.prompt",
      hint: "Prompts are filled into chat completions, messages with their token counts, and responses.",
    })
  return routing
}

const noRouting: RoutingRequest = {}
