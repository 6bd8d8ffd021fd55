// Puts documents together: files, uploads, vector stores, batches of files, the runs that ingest them, and the sweep of what has expired.
import type { Clock, Limits, NewId } from "../core/index.ts"
import type { Runs } from "../runs/index.ts"
import type { Store } from "../store/index.ts"
import { openDocuments, type DocumentLimits } from "./documents/documents.ts"
import { startDocumentSweep } from "./document-sweep.ts"
import { createFileBatches, type FileBatches } from "./file-batches.ts"
import { fileBatchDefinition } from "./file-batch-run.ts"
import { createFiles, type Files } from "./files.ts"
import { ingestionDefinition } from "./ingestion.ts"
import { createIngestions } from "./ingestions.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import type { EmbedAs } from "./types.ts"
import { createUploads, type Uploads } from "./uploads.ts"
import { createVectorStores, type VectorStores } from "./vector-stores.ts"

export interface DocumentServices extends AsyncDisposable {
  files: Files
  uploads: Uploads
  vectorStores: VectorStores
  fileBatches: FileBatches
}

export type DocumentServiceLimits = DocumentLimits &
  Pick<
    Limits,
    | "fileBytesMax"
    | "batchResultsKeptMs"
    | "batchFileBytesMax"
    | "fileChunksMax"
    | "vectorStoreFilesMax"
    | "fileBatchInFlightMax"
    | "uploadPartBytesMax"
    | "uploadLifeMs"
    | "expirySweepMs"
    | "expiredStoreKeptMs"
  >

export interface DocumentServiceDependencies {
  store: Store
  runs: Runs
  embedAs: EmbedAs | undefined
  embedModel: string
  index: ScopeIndex
  clock: Clock
  newId: NewId
  limits: DocumentServiceLimits
}

export function createDocumentServices(
  dependencies: DocumentServiceDependencies,
  onError: (what: string, error: unknown) => void,
): DocumentServices {
  const { runs } = dependencies
  const documents = openDocuments(dependencies.limits)
  const files = createFiles(dependencies)
  const ingestions = createIngestions({ ...dependencies, files })
  const fileBatches = createFileBatches({ ...dependencies, ingestions })
  const vectorStores = createVectorStores({ ...dependencies, files, ingestions, addFiles: (...added) => fileBatches.create(...added) })
  runs.define(ingestionDefinition({ ...dependencies, documents }))
  runs.define(fileBatchDefinition({ ...dependencies, ingestions }))
  const sweep = startDocumentSweep({ ...dependencies, files, vectorStores, ingestions, onError })
  return {
    files,
    uploads: createUploads({ ...dependencies, files }),
    vectorStores,
    fileBatches,
    [Symbol.asyncDispose]: async () => {
      await sweep[Symbol.asyncDispose]()
      await documents[Symbol.asyncDispose]()
    },
  }
}
