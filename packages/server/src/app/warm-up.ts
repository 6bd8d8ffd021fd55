// Starts the embedding model's thread before the first question waits for it, where something has vectors of it already; never where nothing has.
import { setTimeout as pause } from "node:timers/promises"
import type { EmbeddedEmbeddings } from "../inference/index.ts"
import { embeddings, type Store } from "../store/index.ts"

/** What waits for a server that has just started goes first. */
const delayMs = 1_000

export interface WarmUp {
  store: Pick<Store, "system" | "capabilities">
  minilm: Pick<EmbeddedEmbeddings, "deployment" | "passages">
  /** Of the configuration; null: the one that ships. */
  embeddingModel: string | null
}

export async function warmUp({ store, minilm, embeddingModel }: WarmUp, signal: AbortSignal): Promise<void> {
  const { passages, deployment } = minilm
  if (passages === undefined || !store.capabilities.vector || (embeddingModel ?? deployment.id) !== deployment.id) return
  try {
    await pause(delayMs, undefined, { signal })
    if (!(await embeddings.anyVector(store.system))) return
    await passages.embed([{ text: "warm" }], signal)
  } catch (error) {
    // Stopping ends it; nobody asked for it.
    if (!signal.aborted) throw error
  }
}
