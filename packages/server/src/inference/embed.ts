// Makes the `Embed` function of one model name, for whoever needs vectors inside the server.
import { AppError, type Clock } from "../core/index.ts"
import { isNative, type Natives } from "./call-attempt.ts"
import type { Models } from "./models.ts"
import { runPlan } from "./pool/run-plan.ts"
import type { PlanRequest, Pool } from "./pool/types.ts"
import { embeddingsOf } from "./providers/embeddings.ts"
import type { SendOptions } from "./providers/send.ts"
import type { Deployment, Embed, ModelUsage } from "./types.ts"

export interface CreateEmbedOptions extends SendOptions {
  models: Pick<Models, "require">
  pool: Pick<Pool, "plan">
  natives: Natives
  clock: Clock
}

export interface EmbeddedTexts {
  vectors: Float32Array[]
  deployment: Deployment
  /** Undefined of a model in this process, which bills nothing. */
  usage: ModelUsage | undefined
}

/** `placing`: for whom it is made, and the only regions in which it may be. */
export type MeasuredEmbed = (
  texts: readonly string[],
  signal: AbortSignal,
  purpose?: "document" | "query",
  placing?: Pick<PlanRequest, "caller" | "residency" | "expected">,
) => Promise<EmbeddedTexts>

/** Looks the model up at each call, so that a replaced registry is followed. Vectors are scaled to unit length. */
export function createEmbed(options: CreateEmbedOptions, model: string): MeasuredEmbed {
  return (texts, signal, purpose, placing) => {
    const plan = options.pool.plan(options.models.require(model, "embeddings"), {
      needs: "embeddings",
      ...placing,
    })
    const work = async (deployment: Deployment): Promise<EmbeddedTexts> => {
      if (isNative(deployment)) {
        const vectors = await nativeEmbed(options.natives, deployment)(texts, signal, purpose)
        return { vectors, deployment, usage: undefined }
      }
      const call = { texts, dimensions: null, purpose: purpose ?? null, user: null }
      const { vectors, usage } = await embeddingsOf(options, deployment, call, signal)
      return { vectors: vectors.map(unit), deployment, usage }
    }
    return runPlan(plan, { clock: options.clock, signal }, work)
  }
}

function nativeEmbed(natives: Natives, { id }: Deployment): Embed {
  const embed = natives.get(id)?.embed
  if (embed) return embed
  throw new AppError("feature_unavailable", `the deployment "${id}" does not run in this process`)
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values) || 1
  return Float32Array.from(values, (value) => value / length)
}
