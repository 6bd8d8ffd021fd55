// The words of memory: what is remembered, what is recalled, and what is told of each entry.
import type { JsonObject } from "../../core/index.ts"
import type { Label } from "../../security/index.ts"
import type { MemoryKind, SourceKind, VersionEnd, VersionOp } from "../../store/index.ts"
import type { ArmScore, Why } from "../retrieval/fuse.ts"
import type { NamedTime } from "./question-times.ts"

/** Kinds of text that are searched apart. */
export type EpisodeLane = "user" | "assistant" | "tool"

export interface NewMemory {
  scope: string
  text: string
  metadata?: JsonObject | undefined
  validFrom?: number | undefined
  validTo?: number | undefined
  /** Who speaks: it chooses the lane and the trust; `user` when absent. */
  role?: EpisodeLane | undefined
  speaker?: string | undefined
  /** Messages of one session are read after each other. */
  session?: string | undefined
  conversationId?: string | undefined
  itemId?: string | undefined
  /** When it was said or happened; now when absent. */
  occurredAt?: number | undefined
  source?: { kind: SourceKind; uri?: string | undefined; title?: string | undefined } | undefined
  /** Whom it is about: the unit of erasure; everybody in the scope together when absent. */
  subject?: string | undefined
  /** Ids of the entries that it repeats: then nothing is extracted from it. */
  recalledFrom?: readonly string[] | undefined
  /**
   * Of what an assistant says: what stood before the model besides, by ids of entries or of conversation items that were kept in the same scope. It is
   * trusted no more than these, and goes when one of their sources is revoked; the same holds of `recalledFrom`. And the stored files of which it had
   * passages, besides those that its label names.
   */
  madeWith?:
    | { entryIds?: readonly string[] | undefined; itemIds?: readonly string[] | undefined; fileIds?: readonly string[] | undefined }
    | undefined
  /** The run in which it was written, and the join of what influenced it there. */
  runId?: string | undefined
  label?: Label | undefined
}

/** One thing that can be recalled: evidence as it came, or what was derived from it. */
export interface Entry {
  id: string
  kind: "episode" | MemoryKind
  /** Of a derived one: which version this is. */
  versionId: string | null
  scope: string
  lane: string
  /** Null once it is redacted, or its key was destroyed. */
  text: string | null
  metadata: JsonObject
  /** Of a derived one: the structured value, and what it is about. */
  data: JsonObject | null
  slot: string | null
  speaker: string | null
  session: string | null
  conversationId: string | null
  label: Label
  /** It asks for behaviour. */
  directive: boolean
  /** Told of its scope whatever is asked, and never lowered by time. */
  pinned: boolean
  /** Where an episode came from; of derived ones see `explain`. */
  sourceId: string | null
  principal: string
  runId: string | null
  confidence: number | null
  salience: number | null
  validFrom: number | null
  validTo: number | null
  occurredAt: number | null
  createdAt: number
  expiredAt: number | null
  endedBy: VersionEnd | null
  op: VersionOp | null
  supersedes: string | null
}

export interface RememberedEntry extends Entry {
  /** False where the same source had said the same in this scope: then it is that entry. */
  created: boolean
  /** Its number in the scope's change log. */
  seq: number | null
}

/** Why an entry is recalled where it is. */
export interface RecallWhy extends Why {
  /** How near it lies to the times that the question names: 1 within, less the later it was told. */
  time?: number
  /** It was reached over people and things that it has in common with better entries. */
  hop?: { shared: number; from: string[] }
  /** By the reranker of a provider. */
  rerank?: ArmScore & { model: string }
}

export interface RecalledEntry extends Entry {
  /** How likely it answers the question, 0 to 1, as far as that was fitted. */
  score: number
  why: RecallWhy
}

/** Why a candidate is not among what was recalled. */
export type LeftOutReason =
  | "superseded"
  | "retracted"
  | "revoked"
  | "redacted"
  | "expired"
  | "unreadable"
  | "not_yet_recorded"
  | "not_valid_then"
  | "level"
  | "directive"
  | "lane"
  | "outside_time"
  | "same_text"
  | "near_duplicate"
  | "shown"
  | "repeats"
  | "quoted_by_fact"
  | "outranked"
  | "budget"

export interface LeftOut {
  id: string
  versionId: string | null
  score: number
  why: RecallWhy
  reason: LeftOutReason
}

export interface Recall {
  entries: RecalledEntry[]
  /** Candidates that a search found and that are not among the entries; only where it was asked for. */
  leftOut: LeftOut[]
  /** How many directives of low trust were withheld. */
  withheld: number
  tokens: number
  /** Why vectors were not searched; null when they were. */
  wordsOnly: string | null
  /** Times that the question names. */
  times: NamedTime[]
  /** The provider's reranker that was asked, and why the order is not by it where it failed; null where none was to be asked. */
  reranked: { model: string; failed: string | null } | null
}
