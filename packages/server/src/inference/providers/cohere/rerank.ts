// Documents by relevance from Cohere's rerank, version 2.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { ProviderRequest, RerankAnswer, RerankCall, RerankDialect } from "../port.ts"
import { countOf } from "../usage.ts"
import { rankedIn } from "../vectors.ts"

export const cohereRerank: RerankDialect = { request, read }

function request(call: RerankCall, deployment: Deployment): ProviderRequest {
  const body = { model: deployment.upstreamModel, ...cohereRerankBody(call) }
  return { path: "/v2/rerank", headers: { accept: "application/json" }, body: JSON.stringify(body) }
}

/** Also what Bedrock wants of Cohere's models. */
export function cohereRerankBody({ query, documents, resultsMax, tokensPerDocumentMax }: RerankCall): JsonObject {
  return {
    query,
    documents,
    ...(resultsMax === null ? {} : { top_n: resultsMax }),
    ...(tokensPerDocumentMax === null ? {} : { max_tokens_per_doc: tokensPerDocumentMax }),
  }
}

function read(answer: JsonObject, deployment: Deployment): RerankAnswer {
  const { meta } = answer
  const billed = isJsonObject(meta) && isJsonObject(meta["billed_units"]) ? meta["billed_units"] : {}
  return {
    results: rankedIn(answer["results"], { index: "index", score: "relevance_score" }, deployment),
    searchUnits: countOf(billed["search_units"]) ?? null,
    inputTokens: countOf(billed["input_tokens"]) ?? null,
  }
}
