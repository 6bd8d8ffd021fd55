// Vectors and ranks from Bedrock's models of Amazon and Cohere, which are invoked each in its maker's own words.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { cohereEmbeddings, cohereEmbeddingsBody } from "../cohere/embeddings.ts"
import { cohereRerank, cohereRerankBody } from "../cohere/rerank.ts"
import { cannotSend } from "../media.ts"
import type { EmbeddingsAnswer, EmbeddingsCall, EmbeddingsDialect, ProviderRequest, RerankCall, RerankDialect } from "../port.ts"
import { countOf } from "../usage.ts"
import { inBatches, vectorIn } from "../vectors.ts"

const cohereTextsMax = 96

export const bedrockEmbeddings: EmbeddingsDialect = { requests, read }
export const bedrockRerank: RerankDialect = { request: rerankRequest, read: (answer, deployment) => cohereRerank.read(answer, deployment) }

/** Amazon's models take one text at a time. */
function requests(call: EmbeddingsCall, deployment: Deployment): ProviderRequest[] {
  const { upstreamModel: model } = deployment
  if (model.includes("cohere."))
    return inBatches(call.texts, cohereTextsMax).map((texts) => invoke(deployment, cohereEmbeddingsBody(texts, call)))
  if (!model.includes("amazon.titan-embed"))
    throw cannotSend(deployment, "a request for vectors", "Bedrock's models amazon.titan-embed-… and cohere.embed-… make them.")
  const isFirst = model.includes("titan-embed-text-v1")
  const dimensions = call.dimensions === null || isFirst ? {} : { dimensions: call.dimensions }
  return call.texts.map((inputText) => invoke(deployment, { inputText, ...dimensions }))
}

function read(answer: JsonObject, deployment: Deployment): EmbeddingsAnswer {
  if (answer["embeddings"] !== undefined) return cohereEmbeddings.read(answer, deployment)
  return { vectors: [vectorIn(answer["embedding"], deployment)], inputTokens: countOf(answer["inputTextTokenCount"]) ?? null }
}

function rerankRequest(call: RerankCall, deployment: Deployment): ProviderRequest {
  const isAmazons = deployment.upstreamModel.includes("amazon.rerank")
  const { query, documents, resultsMax } = call
  const amazons = { query, documents, ...(resultsMax === null ? {} : { top_n: resultsMax }) }
  return invoke(deployment, isAmazons ? amazons : { ...cohereRerankBody(call), api_version: 2 })
}

function invoke(deployment: Deployment, body: JsonObject): ProviderRequest {
  const path = `/model/${encodeURIComponent(deployment.upstreamModel)}/invoke`
  return { path, headers: { accept: "application/json" }, body: JSON.stringify(body) }
}
