// Makes the `Embed` function of one model name, for whoever needs vectors inside the server.
import { AppError } from "../core/index.ts"
import type { Models } from "./models.ts"
import type { Natives } from "./call-model.ts"
import { embeddingsOf } from "./providers/embeddings.ts"
import type { SendOptions } from "./providers/send.ts"
import type { Embed } from "./types.ts"

export interface CreateEmbedOptions extends SendOptions {
  models: Pick<Models, "require">
  natives: Natives
}

/** Looks the model up at each call, so that a replaced registry is followed. Vectors are scaled to unit length. */
export function createEmbed(options: CreateEmbedOptions, model: string): Embed {
  return async (texts, signal, purpose) => {
    if (texts.length === 0) return []
    const deployment = options.models.require(model, "embeddings").deployments.find((each) => each.does.embeddings)
    if (!deployment)
      throw new AppError("model_not_found", `the model "${model}" has no deployment that makes embeddings`, { param: "model" })
    if (deployment.dialect !== "native") {
      const { vectors } = await embeddingsOf(options, deployment, { texts, dimensions: null, purpose: purpose ?? null, user: null }, signal)
      return vectors.map(unit)
    }
    const embed = options.natives.get(deployment.id)?.embed
    if (!embed) throw new AppError("feature_unavailable", `the deployment "${deployment.id}" does not run in this process`)
    return embed(texts, signal)
  }
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values) || 1
  return Float32Array.from(values, (value) => value / length)
}
