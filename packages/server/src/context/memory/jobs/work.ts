// What every part of the work after a write is given.
import type { Clock, NewId } from "../../../core/index.ts"
import type { RunContext } from "../../../runs/index.ts"
import type { Store } from "../../../store/index.ts"
import type { ScopeIndex } from "../../retrieval/index-entry.ts"
import type { Reader } from "../../retrieval/reader.ts"
import type { DataKeys } from "../data-keys.ts"
import type { AskDependencies, MemoryModel } from "./ask.ts"

/** What is derived, and when; from the configuration. */
export interface JobSettings {
  isExtracting: boolean
  budget: AskDependencies["budget"]
  /** New facts after which profiles are made anew, or so long without a write. */
  consolidateAfterFacts: number
  quietMs: number
  sessionGapMs: number
  claimLifeMs: number
  /** How long what a scope's retention has ended keeps its text. */
  retentionGraceMs: number
  /** First wait before a model that failed is given the same messages again; doubled each time. */
  retryMs: number
}

export interface JobDependencies {
  store: Store
  keys: DataKeys
  index: ScopeIndex
  reader: Reader
  embedModel: string
  clock: Clock
  newId: NewId
  /** Reads facts out of messages; rules do without. */
  extractionModel: MemoryModel | undefined
  /** Writes summaries of sessions; sentences are quoted without. */
  summaryModel: MemoryModel | undefined
  settings: JobSettings
}

/** One run's work on one scope. */
export interface Job extends JobDependencies {
  context: RunContext
  projectId: string
  scope: string
  generation: number
  claimLifeMs: number
}
