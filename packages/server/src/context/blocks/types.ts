// The words of blocks: a text by path in a scope, who wrote it, and whether it may stand where a model takes instructions from.
import type { Label } from "../../security/index.ts"

export interface Block {
  scope: string
  path: string
  text: string
  version: number
  sha256: string
  tokens: number
  /** A text with more tokens is refused. */
  tokensMax: number | null
  /** Agents can't change it. */
  readOnly: boolean
  description: string | null
  label: Label
  /** Whether it may stand where a model takes instructions from: only what a person wrote or confirmed. */
  instructs: boolean
  principal: string
  runId: string | null
  createdAt: number
  updatedAt: number
}

export interface BlockVersion {
  scope: string
  path: string
  version: number
  op: "write" | "confirm" | "rename" | "delete"
  /** null where it was deleted, or nobody can read it any more. */
  text: string | null
  label: Label
  principal: string
  runId: string | null
  at: number
}

/** Who writes, and under what influence. */
export interface BlockAuthor {
  principal: string
  runId?: string | undefined
  /** Join of what influenced the text. */
  label: Label
}

export interface BlockSettings {
  tokensMax?: number | null | undefined
  readOnly?: boolean | undefined
  description?: string | null | undefined
}
