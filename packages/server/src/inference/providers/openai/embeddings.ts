// Vectors of texts from servers that speak OpenAI's embeddings.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { errorInBody, unreadable } from "../../upstream-error.ts"
import type { EmbeddingsAnswer, EmbeddingsCall, EmbeddingsDialect, ProviderRequest } from "../port.ts"
import { vectorIn } from "../vectors.ts"
import { embeddingsUsageOf } from "./usage.ts"

export const openAiEmbeddings: EmbeddingsDialect = { requests, read }

function requests({ texts, dimensions, user }: EmbeddingsCall, { upstreamModel }: Deployment): ProviderRequest[] {
  const body = {
    model: upstreamModel,
    input: texts,
    encoding_format: "float",
    ...(dimensions === null ? {} : { dimensions }),
    ...(user === null ? {} : { user }),
  }
  return [{ path: "/embeddings", headers: { accept: "application/json" }, body: JSON.stringify(body) }]
}

/** B3: in the order of the inputs, whatever the order of the answer. */
function read(answer: JsonObject, deployment: Deployment): EmbeddingsAnswer {
  if (isJsonObject(answer["error"])) throw errorInBody(deployment, answer["error"])
  const data = Array.isArray(answer["data"]) ? (answer["data"] as readonly JsonValue[]).filter(isJsonObject) : []
  const vectors: (readonly number[])[] = []
  for (const [position, item] of data.entries()) {
    const index = typeof item["index"] === "number" ? item["index"] : position
    if (index < 0 || index >= data.length || vectors[index] !== undefined)
      throw unreadable(deployment, `embeddings with the index ${index}`)
    vectors[index] = vectorIn(item["embedding"], deployment)
  }
  const { inputTokens = null, toldMicroUsd } = embeddingsUsageOf(answer["usage"]) ?? {}
  return { vectors, inputTokens, ...(toldMicroUsd === undefined ? {} : { toldMicroUsd }) }
}
