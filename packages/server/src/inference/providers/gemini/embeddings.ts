// Vectors of texts from Google's embedding models: batchEmbedContents at its own address, predict on Vertex.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { EmbeddingsAnswer, EmbeddingsCall, EmbeddingsDialect, ProviderRequest } from "../port.ts"
import { countOf } from "../usage.ts"
import { inBatches, vectorIn } from "../vectors.ts"
import { isVertex, modelPath } from "./models.ts"

const textsMax = 100
/** On Vertex, of the models before Gemini's. */
const instancesMax = 250

export const geminiEmbeddings: EmbeddingsDialect = { requests, read }

function requests(call: EmbeddingsCall, deployment: Deployment): ProviderRequest[] {
  const path = modelPath(deployment)
  if (!isVertex(deployment))
    return inBatches(call.texts, textsMax).map((texts) => request(`${path}:batchEmbedContents`, batchOf(texts, call, path.slice(1))))
  // Gemini's own model takes one text at a time there.
  const countMax = /gemini-embedding/.test(deployment.upstreamModel) ? 1 : instancesMax
  return inBatches(call.texts, countMax).map((texts) => request(`${path}:predict`, predictionOf(texts, call)))
}

function read(answer: JsonObject, deployment: Deployment): EmbeddingsAnswer {
  if (Array.isArray(answer["predictions"])) return predictions(answer["predictions"] as readonly JsonValue[], deployment)
  const embeddings = listOf(answer["embeddings"])
  const usage = isJsonObject(answer["usageMetadata"]) ? answer["usageMetadata"] : {}
  return {
    vectors: embeddings.map((each) => vectorIn(isJsonObject(each) ? each["values"] : undefined, deployment)),
    inputTokens: countOf(usage["promptTokenCount"]) ?? null,
  }
}

function batchOf(texts: readonly string[], { dimensions, purpose }: EmbeddingsCall, model: string): JsonObject {
  const requests = texts.map((text) => ({
    model,
    content: { parts: [{ text }] },
    taskType: taskOf(purpose),
    ...(dimensions === null ? {} : { outputDimensionality: dimensions }),
  }))
  return { requests }
}

function predictionOf(texts: readonly string[], { dimensions, purpose }: EmbeddingsCall): JsonObject {
  return {
    instances: texts.map((content) => ({ content, task_type: taskOf(purpose) })),
    ...(dimensions === null ? {} : { parameters: { outputDimensionality: dimensions } }),
  }
}

function predictions(list: readonly JsonValue[], deployment: Deployment): EmbeddingsAnswer {
  const embeddings = list.map((each) => (isJsonObject(each) && isJsonObject(each["embeddings"]) ? each["embeddings"] : {}))
  const counts = embeddings.map(({ statistics }) => (isJsonObject(statistics) ? countOf(statistics["token_count"]) : undefined))
  return {
    vectors: embeddings.map(({ values }) => vectorIn(values, deployment)),
    inputTokens: counts.every((count) => count !== undefined) ? counts.reduce((sum, count) => sum + count, 0) : null,
  }
}

function taskOf(purpose: EmbeddingsCall["purpose"]): string {
  return purpose === "query" ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT"
}

function request(path: string, body: JsonObject): ProviderRequest {
  return { path, headers: { accept: "application/json" }, body: JSON.stringify(body) }
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
