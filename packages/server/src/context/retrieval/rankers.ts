// What a search of vector stores may name as its ranker: OpenAI's names, and the reranking models that are configured.
import { AppError } from "../../core/index.ts"
import type { ProviderReranking } from "./provider-reranking.ts"

/** `none`: the fitted order. All others: what is configured, and the fitted order where nothing is. */
const commonRankers: readonly string[] = ["none", "auto", "default-2024-11-15", "default_2024_08_21"]

export interface Rankers {
  /** The reranking model that a name stands for; null for the common names. Throws for a name that stands for nothing. */
  modelNamed(ranker: string, options?: { param?: string; mayBeNamed?: ((model: string) => boolean) | undefined }): string | null
  /** The model that a search asks; null: none. */
  modelFor(ranker: string | undefined): string | null
  /** How models are asked; undefined where none can be. */
  readonly reranking: ProviderReranking | undefined
}

export function createRankers(reranking: ProviderReranking | undefined): Rankers {
  const modelNamed: Rankers["modelNamed"] = (ranker, { param = "ranking_options.ranker", mayBeNamed = () => true } = {}) => {
    if (commonRankers.includes(ranker)) return null
    const models = reranking?.models() ?? []
    if (models.includes(ranker)) return ranker
    const allowed = [...commonRankers, ...models.filter(mayBeNamed)].join(", ")
    throw new AppError(
      "invalid_request",
      `The ranker ${JSON.stringify(ranker.slice(0, namedCharactersMax))} is unknown. Allowed: ${allowed}.`,
      {
        param,
        hint: "Leave it out for what is configured, or declare a model with `does: { rerank: true }`.",
      },
    )
  }
  return {
    modelNamed,
    modelFor: (ranker = "auto") => modelNamed(ranker) ?? (ranker === "none" ? null : (reranking?.model ?? null)),
    reranking,
  }
}

const namedCharactersMax = 100
