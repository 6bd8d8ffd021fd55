// How an erasure is put into words: what it is of, what it took or would take, and what its proof found.
import type { Erasure } from "@perdure/client"

type Receipt = NonNullable<Erasure["receipt"]>

const named: readonly (readonly [Exclude<keyof Receipt["counts"], "rows">, string])[] = [
  ["episodes", "messages"],
  ["versions", "derived versions"],
  ["sources", "sources"],
  ["blocks", "blocks"],
  ["states", "states"],
  ["files", "files"],
  ["cachedAnswers", "cached answers"],
  ["keys", "data keys"],
]

/** What is not zero, with its number; rows of other tables by the table. */
export function countsOf({ counts }: Pick<Receipt, "counts">): (readonly [string, number])[] {
  const rows = Object.entries(counts.rows).map(([table, count]) => [`rows of ${table.replaceAll("_", " ")}`, count] as const)
  return [...named.map(([name, text]) => [text, counts[name]] as const), ...rows].filter(([, count]) => count > 0)
}

const kinds: Readonly<Record<Erasure["target"]["kind"], string>> = {
  subject: "what is about",
  source: "what came from",
  scope: "the scope",
  query: "a text that was named",
}

export function targetText({ kind, name, scope }: Erasure["target"]): string {
  const what = name === null ? kinds[kind] : `${kinds[kind]} ${name}`
  return scope === null || scope === name ? what : `${what} in ${scope}`
}

const statuses: Readonly<Record<Erasure["status"], string>> = {
  in_progress: "under way",
  completed: "erased, and nothing of it was found again",
  incomplete: "erased, but something of it was found again",
  failed: "did not end: start it again",
}

export function statusText({ status, dryRun }: Pick<Erasure, "status" | "dryRun">): string {
  if (!dryRun) return statuses[status]
  return status === "in_progress" ? "being counted" : status === "failed" ? "could not be counted" : "only counted"
}

/** Where the proof still found something; empty where it found nothing, or did not look. */
export function leftovers({ verified }: Pick<Receipt, "verified">): string[] {
  if (verified === null) return []
  const rows = Object.entries(verified.rows).map(([table, count]) => `${count} rows of ${table}`)
  const held = (verified.heldBy ?? []).map((holder) => `what ${holder} keeps`)
  return [...rows, ...verified.filesContaining, ...held]
}
