// The parts behind the routes, constructed by hand in order: context over models, one store and one kernel.
import type { Config, RerankConfig } from "../config/index.ts"
import { assumedPrice, type Admission } from "../accounting/index.ts"
import { createContext, jobSettings, type ContextServices, type ProviderReranking } from "../context/index.ts"
import type { Clock, Limits, NewId } from "../core/index.ts"
import type { EmbeddedEmbeddings } from "../inference/index.ts"
import type { Runs } from "../runs/index.ts"
import type { KeyWrapping, Sealer } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import { memoryModel } from "./memory-model.ts"
import { admitRerank } from "./admitted-rerank.ts"
import { admitEmbeddings, type Accountable } from "./admitted-embed.ts"
import type { Inference } from "./inference.ts"

/** What every part is handed. */
export interface Shared {
  clock: Clock
  newId: NewId
  limits: Limits
  onError: (what: string, error: unknown) => void
}

/** The embedded model that answers by quoting: it is handed passages instead of asking for a search. */
export const extractiveModel = "perdure/extractive"

export function composeContext(
  shared: Shared,
  config: Config,
  parts: {
    store: Store
    runs: Runs
    inference: Inference
    minilm: EmbeddedEmbeddings
    sealer: Sealer
    wrapping: KeyWrapping
    dropCaches: () => void
    admission: Admission
  } & Accountable,
): ContextServices {
  const { store, runs, inference, minilm, sealer, wrapping, dropCaches } = parts
  const embedModel = config.defaults.embeddingModel ?? minilm.deployment.id
  const usesMissingMiniLm = embedModel === minilm.deployment.id && minilm.unavailable !== null
  const embedAs = usesMissingMiniLm ? undefined : admitEmbeddings({ ...shared, ...inference, ...parts }, embedModel, "context.embed")
  const price = assumedPrice(config.unknownPrice)
  const modelOf = (name: string | null) => (name === null ? undefined : memoryModel(shared, name, { ...parts, assumedPrice: price }))
  const memory = {
    settings: jobSettings(config.memory),
    extractionModel: modelOf(config.memory.extraction.model),
    summaryModel: modelOf(config.memory.consolidation.model),
  }
  const models = (): string[] =>
    inference.models.list().flatMap(({ name, deployments }) => (deployments.some(({ does }) => does.rerank) ? [name] : []))
  const reranking = ({ candidates: candidatesMax, ...settings }: RerankConfig, name: string): ProviderReranking => {
    return { ...settings, candidatesMax, models, rankAs: admitRerank({ ...shared, ...inference, ...parts }, name) }
  }
  return createContext({
    ...shared,
    memory,
    rerank: reranking(config.memory.rerank, "memory.rerank"),
    documentRerank: reranking(config.documents.rerank, "documents.rerank"),
    store,
    runs,
    sealer,
    wrapping,
    dropCaches,
    embedAs,
    embedModel,
    weightsHash: embedModel === minilm.deployment.id ? minilm.weightsHash : null,
    passageModel: embedModel === minilm.deployment.id ? minilm.passages : undefined,
    onError: (name, message) => shared.onError(name, message),
  })
}
