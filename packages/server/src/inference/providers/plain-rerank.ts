// Documents by relevance from servers that speak the form of Jina, Voyage and many engines: `/rerank` below the base URL.
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { unreadable } from "../upstream-error.ts"
import type { ProviderRequest, RerankAnswer, RerankCall, RerankDialect } from "./port.ts"
import { countOf } from "./usage.ts"
import { rankedIn } from "./vectors.ts"

export const plainRerank: RerankDialect = { request, read }

function request({ query, documents, resultsMax }: RerankCall, deployment: Deployment): ProviderRequest {
  const count = resultsMax === null ? {} : { top_n: resultsMax }
  const body = { model: deployment.upstreamModel, query, documents, ...count }
  return { path: "/rerank", headers: { accept: "application/json" }, body: JSON.stringify(body) }
}

/** Voyage lists them as `data`, the others as `results`. */
function read(answer: JsonObject, deployment: Deployment): RerankAnswer {
  const list = answer["results"] ?? answer["data"]
  if (list === undefined) throw unreadable(deployment, "an answer without ranks")
  const usage = isJsonObject(answer["usage"]) ? answer["usage"] : {}
  const meta = isJsonObject(answer["meta"]) ? answer["meta"] : {}
  const billed = isJsonObject(meta["billed_units"]) ? meta["billed_units"] : {}
  return {
    results: rankedIn(list, { index: "index", score: "relevance_score" }, deployment),
    searchUnits: countOf(billed["search_units"]) ?? null,
    inputTokens: countOf(usage["total_tokens"]) ?? null,
  }
}
