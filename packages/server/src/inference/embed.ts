// Makes the `Embed` function of one model name, for whoever needs vectors inside the server.
import { AppError, isJsonObject, type Limits } from "../core/index.ts"
import type { Models } from "./models.ts"
import type { Natives } from "./call-model.ts"
import type { Deployment, Embed } from "./types.ts"
import { errorInBody, errorOfStatus, errorOfTransport, unreadable, UpstreamError } from "./upstream-error.ts"
import type { Upstreams } from "./upstreams.ts"

export interface CreateEmbedOptions {
  models: Pick<Models, "require">
  upstreams: Upstreams
  natives: Natives
  limits: Pick<Limits, "connectTimeoutMs" | "firstTokenTimeoutMs" | "idleTimeoutMs">
}

/** Looks the model up at each call, so that a replaced registry is followed. Vectors are scaled to unit length. */
export function createEmbed(options: CreateEmbedOptions, model: string): Embed {
  return async (texts, signal) => {
    if (texts.length === 0) return []
    const deployment = options.models.require(model, "embeddings").deployments.find((each) => each.does.embeddings)
    if (!deployment)
      throw new AppError("model_not_found", `the model "${model}" has no deployment that makes embeddings`, { param: "model" })
    if (deployment.dialect !== "native") return embedUpstream(options, deployment, texts, signal)
    const embed = options.natives.get(deployment.id)?.embed
    if (!embed) throw new AppError("feature_unavailable", `the deployment "${deployment.id}" does not run in this process`)
    return embed(texts, signal)
  }
}

async function embedUpstream(
  { upstreams, limits }: CreateEmbedOptions,
  deployment: Deployment,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const { pool, pathOf, headers } = upstreams.target(deployment)
  const body = JSON.stringify({ model: deployment.upstreamModel, input: texts, encoding_format: "float" })
  try {
    const answer = await pool.request({ path: pathOf("/embeddings"), method: "POST", body, headers, signal })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) throw errorOfStatus(deployment, answer.statusCode, text, answer.headers)
    return vectorsOf(deployment, text, texts.length)
  } catch (error) {
    throw signal.aborted || error instanceof UpstreamError ? error : errorOfTransport(deployment, error, limits)
  }
}

function vectorsOf(deployment: Deployment, text: string, count: number): Float32Array[] {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw unreadable(deployment, "embeddings that are not JSON")
  }
  if (isJsonObject(body) && isJsonObject(body["error"])) throw errorInBody(deployment, body["error"])
  const data: readonly unknown[] = isJsonObject(body) && Array.isArray(body["data"]) ? body["data"] : []
  const vectors: (Float32Array | undefined)[] = Array.from({ length: count })
  for (const [position, item] of data.entries()) {
    const values = isJsonObject(item) ? item["embedding"] : undefined
    const index = isJsonObject(item) && typeof item["index"] === "number" ? item["index"] : position
    if (Array.isArray(values) && index < count) vectors[index] = unit(values as number[]) // `encoding_format: float` was asked for
  }
  return vectors.map((vector) => {
    if (!vector) throw unreadable(deployment, `embeddings for ${data.length} of ${count} texts`)
    return vector
  })
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values) || 1
  return Float32Array.from(values, (value) => value / length)
}
