// The words of assembly: what may be put before a model, in which section it would stand, and what came of it.
import type { Label } from "../../security/index.ts"

/** In the order in which they stand. What changes with every turn stands last, so that the beginning stays the same for prompt caches. */
export const sectionNames = ["instructions", "blocks", "state", "profile", "timeline", "facts", "quotes", "documents"] as const
export type SectionName = (typeof sectionNames)[number]

/** Sections that do not depend on what is asked: they stand before the conversation, the others right before its last turn. */
export const standingSections: ReadonlySet<SectionName> = new Set(["instructions", "blocks", "state", "profile", "timeline"])

export interface Piece {
  section: SectionName
  /** Names it for explanations: a memory's id, `block:<path>`, `state:<key>`. */
  id: string
  version: string | null
  text: string
  label: Label
  /** 0 to 1; how much it is wanted. */
  score: number
  /** Somebody wants it told whatever is asked: before others of its section. */
  pinned?: boolean
  /** Told of it in its fence, besides id, level and source: when it was said, by whom. */
  facts?: Readonly<Record<string, string>>
  /** Of a passage. */
  citation?: Citation
}

/** Where a passage stands. */
export interface Citation {
  vectorStoreId: string
  fileId: string
  filename: string
  /** Titles of the sections that it stands in, outermost first. */
  heading: readonly string[]
  /** First and last, where the file has pages. */
  pages: readonly [number, number] | null
}

/** Tokens that a section gets before others, and the most that it may have. */
export interface SectionBudget {
  floor: number
  ceiling: number
}

export interface AssemblyBudget {
  budgetTokens: number
  sections?: Partial<Record<SectionName, SectionBudget>>
}

export interface ManifestEntry {
  id: string
  version: string | null
  section: SectionName
  score: number
  tokens: number
  level: number
  pinned?: true
  citation?: Citation
}

/** `ceiling`: its section was full; `budget`: all was; `level`: it may not stand where a model takes instructions from, and is of no other use. */
export type CutReason = "ceiling" | "budget" | "level"

export interface Manifest {
  budgetTokens: number
  tokens: number
  entries: ManifestEntry[]
  cut: (ManifestEntry & { reason: CutReason })[]
}

export interface Assembly {
  /** What instructs: level 3 only. "" when nothing does. */
  instructions: string
  /** Data that stands before the conversation; the same from turn to turn while nothing of it is changed. */
  standing: string
  /** Data that was found for this turn. */
  recalled: string
  manifest: Manifest
  /** Join of everything that is in it. */
  label: Label
}
