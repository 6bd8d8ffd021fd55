// Fitting how recall ranks: from pairs that somebody labelled, or from facts and the messages that they were taken from.
import { AppError } from "../../core/index.ts"
import { derivations, memoryVersions, type Store } from "../../store/index.ts"
import { fitSpace, type FitDependencies, type FittedSpace, type LabelledPair } from "../retrieval/fit-space.ts"
import { labelledDocuments, type DocumentPair } from "../retrieval/labelled-documents.ts"
import type { LaneKind } from "../retrieval/weights.ts"
import { parseScope } from "../scopes/scope-name.ts"
import type { Caller } from "../types.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows } from "./entries.ts"
import { memoryScopeId } from "./index-scopes.ts"

export interface MemoryPair {
  scope: string
  query: string
  /** Ids of the memories that answer it. */
  relevant: readonly string[]
}

/** A question to a memory scope, or to a vector store. */
export type RankingPair = MemoryPair | DocumentPair

export interface Ranking {
  /** `pairs` absent: facts and the messages that they rest on. Keeps nothing that is worse than a single arm or than before. */
  fit(caller: Caller, request: { kind: LaneKind; pairs?: readonly RankingPair[] | undefined }, signal: AbortSignal): Promise<FittedSpace>
}

/** Facts that self-made questions are taken from, the newest first. */
const factsMax = 2_000

export function createRanking(dependencies: FitDependencies & { keys: DataKeys }): Ranking {
  return {
    async fit(caller, { kind, pairs }, signal) {
      const labelled = await (pairs === undefined
        ? selfMade(dependencies, caller.projectId)
        : labelledPairs(dependencies.store, caller.projectId, kind, pairs))
      if (labelled.length === 0) {
        throw new AppError("invalid_request", "There are no questions to fit on.", {
          hint: 'Name a file with lines {"scope": …, "query": …, "relevant": [ids]} or {"vector_store": …}, or wait until facts were extracted from messages.',
        })
      }
      return fitSpace(dependencies, caller, kind, labelled, signal)
    },
  }
}

async function labelledPairs(store: Store, projectId: string, kind: LaneKind, pairs: readonly RankingPair[]): Promise<LabelledPair[]> {
  const ofDocuments = pairs.flatMap((pair) => ("vectorStore" in pair ? [pair] : []))
  if (ofDocuments.length > 0 && kind !== "statement") {
    throw new AppError("invalid_request", `Chunks of vector stores are statements; the weights of ${kind}s are to be fitted.`, {
      hint: "Fit with --kind statement, or leave the questions to vector stores out.",
    })
  }
  const ofMemories = pairs.flatMap((pair) => ("scope" in pair ? [labelledOf(pair)] : []))
  return [...ofMemories, ...(await labelledDocuments(store.project(projectId), projectId, ofDocuments))]
}

function labelledOf({ scope, query, relevant }: MemoryPair): LabelledPair {
  return { scopeId: memoryScopeId(parseScope(scope).path), query, relevant, isReranked: true }
}

/** A fact asks for the message that it was taken from. */
async function selfMade({ store, keys }: { store: Store; keys: DataKeys }, projectId: string): Promise<LabelledPair[]> {
  const db = store.project(projectId)
  const rests = await derivations.newestOnEpisodes(db, projectId, factsMax)
  const byChild = Map.groupBy(rests, ({ child }) => child)
  const versions = await memoryVersions.versionsByIds(db, projectId, [...byChild.keys()])
  const entries = await readRows(
    keys,
    db,
    projectId,
    versions.map((version) => ({ version })),
  )
  return entries.flatMap(({ text, scope, versionId }) => {
    const relevant = (byChild.get(versionId ?? "") ?? []).map(({ parent }) => parent)
    return text === null || relevant.length === 0 ? [] : [{ scopeId: memoryScopeId(scope), query: text, relevant, isReranked: true }]
  })
}
