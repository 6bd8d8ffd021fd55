// Vectors of texts from Cohere's embed, version 2.
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { EmbeddingsAnswer, EmbeddingsCall, EmbeddingsDialect, ProviderRequest } from "../port.ts"
import { countOf } from "../usage.ts"
import { inBatches, vectorsIn } from "../vectors.ts"

const textsMax = 96

export const cohereEmbeddings: EmbeddingsDialect = { requests, read }

function requests(call: EmbeddingsCall, deployment: Deployment): ProviderRequest[] {
  return inBatches(call.texts, textsMax).map((texts) => ({
    path: "/v2/embed",
    headers: { accept: "application/json" },
    body: JSON.stringify({ model: deployment.upstreamModel, ...cohereEmbeddingsBody(texts, call) }),
  }))
}

/** Also what Bedrock wants of Cohere's models. */
export function cohereEmbeddingsBody(texts: readonly string[], { dimensions, purpose }: EmbeddingsCall): JsonObject {
  return {
    texts,
    input_type: purpose === "query" ? "search_query" : "search_document",
    embedding_types: ["float"],
    ...(dimensions === null ? {} : { output_dimension: dimensions }),
  }
}

function read(answer: JsonObject, deployment: Deployment): EmbeddingsAnswer {
  const { embeddings, meta } = answer
  const billed = isJsonObject(meta) && isJsonObject(meta["billed_units"]) ? meta["billed_units"] : {}
  return {
    vectors: vectorsIn(isJsonObject(embeddings) ? embeddings["float"] : embeddings, deployment),
    inputTokens: countOf(billed["input_tokens"]) ?? null,
  }
}
