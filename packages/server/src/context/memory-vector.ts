// The durable run that adds the vector of a memory whose embedding took longer than its writer was made to wait.
import { AppError, isJsonObject, type JsonValue } from "../core/index.ts"
import type { RunDefinition } from "../runs/index.ts"
import { memories, type Store } from "../store/index.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { vectorOfText, vectorText } from "./vector-text.ts"
import type { EmbedAs } from "./types.ts"

export const memoryVectorName = "memory"
const embedTimeoutMs = 60_000
const embedRetries = 5

export interface MemoryVectorDependencies {
  store: Store
  embedAs: EmbedAs | undefined
  embedModel: string
  index: ScopeIndex
}

/** Memory scopes and vector stores share the index; the prefix keeps them apart. */
export function memoryScopeId(scope: string): string {
  return `memory:${scope}`
}

export function memoryVectorDefinition({ store, embedAs, embedModel, index }: MemoryVectorDependencies): RunDefinition {
  return {
    kind: "ingestion",
    name: memoryVectorName,
    version: "1",
    style: "replay",
    execute: async (context, input) => {
      const { projectId, principal } = context.run
      const id = memoryIdOf(input)
      const vector = await context.step(
        "embed",
        async ({ signal }) => {
          const memory = await memories.findMemory(store.project(projectId), projectId, id)
          if (memory === undefined || embedAs === undefined) return null
          const [found] = await embedAs({ projectId, principal, isPatient: true })([memory.text], signal)
          return found === undefined ? null : vectorText(found)
        },
        { effect: "read", retries: embedRetries, timeoutMs: embedTimeoutMs },
      )
      if (vector === null) return { outcome: "detached" }
      return context.step(
        "commit",
        async ({ tx }) => {
          // It may have been forgotten meanwhile.
          const memory = tx && (await memories.findMemory(tx, projectId, id))
          if (tx === undefined || memory === undefined) return { outcome: "detached" }
          const key = { projectId, scopeId: memoryScopeId(memory.scope), documentId: id, model: embedModel }
          await index.indexVectors(tx, key, [{ part: 0, piece: 0, vector: vectorOfText(vector) }])
          return { outcome: "completed" }
        },
        { effect: "transactional" },
      )
    },
  }
}

function memoryIdOf(input: JsonValue): string {
  const id = isJsonObject(input) ? input["memoryId"] : undefined
  if (typeof id === "string") return id
  throw new AppError("invalid_request", "The input of this run names `memoryId`.")
}
