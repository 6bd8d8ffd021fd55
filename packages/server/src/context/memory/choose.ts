// From ranked candidates to what is told: what holds, may be told, says something new and fits; and of the rest, why not.
import { estimateTokens } from "../documents/tokens.ts"
import type { Why } from "../retrieval/fuse.ts"
import type { Row } from "./entries.ts"
import type { Entry, LeftOut, LeftOutReason, RecalledEntry } from "./types.ts"

export interface Candidate {
  entry: Entry
  row: Row
  score: number
  why: Why
}

export interface Wanted {
  now: number
  limit: number
  /** Null: what is known now. */
  asOf: number | null
  validAt: number
  /** Null: all. */
  lanes: ReadonlySet<string> | null
  /** By scope. */
  levelMin: ReadonlyMap<string, number>
  budgetTokens: number
  directives: "withhold" | "include"
}

export interface Choice {
  entries: RecalledEntry[]
  leftOut: LeftOut[]
  withheld: number
  tokens: number
  /** More candidates would change nothing. */
  full: boolean
}

/** A directive of this level may instruct; one of a lower level is only ever data. */
export const instructingLevel = 3

export function choose(candidates: readonly Candidate[], wanted: Wanted): Choice {
  const entries: RecalledEntry[] = []
  const leftOut: LeftOut[] = []
  const texts = new Set<string>()
  let tokens = 0
  let withheld = 0
  let full = false
  const leave = ({ entry: { id, versionId }, score, why }: Candidate, reason: LeftOutReason): void =>
    void leftOut.push({ id, versionId, score, why, reason })
  for (const candidate of candidates) {
    const { entry, score, why } = candidate
    const text = entry.text ?? ""
    const refused = refusalOf(candidate, wanted)
    const cost = estimateTokens(text)
    if (refused === "directive") withheld += 1
    if (refused !== undefined) leave(candidate, refused)
    else if (texts.has(sameText(text))) leave(candidate, "same_text")
    else if (entries.length >= wanted.limit) leave(candidate, "outranked")
    else if (tokens + cost > wanted.budgetTokens) {
      full = true
      leave(candidate, "budget")
    } else {
      texts.add(sameText(text))
      tokens += cost
      entries.push({ ...entry, score, why })
    }
  }
  return { entries, leftOut, withheld, tokens, full: full || entries.length >= wanted.limit }
}

function refusalOf({ entry, row }: Candidate, wanted: Wanted): LeftOutReason | undefined {
  const ended = row.episode === undefined ? endOfVersion(row.version, wanted) : endOfEpisode(row.episode, wanted)
  if (ended !== undefined) return ended
  if (entry.text === null) return "unreadable"
  if (wanted.asOf !== null && entry.createdAt > wanted.asOf) return "not_yet_recorded"
  if ((entry.validFrom ?? -Infinity) > wanted.validAt || wanted.validAt >= (entry.validTo ?? Infinity)) return "not_valid_then"
  if (wanted.lanes !== null && !wanted.lanes.has(entry.lane)) return "lane"
  if (entry.label.integrity < (wanted.levelMin.get(entry.scope) ?? instructingLevel)) return "level"
  if (entry.directive && entry.label.integrity < instructingLevel && wanted.directives === "withhold") return "directive"
  return undefined
}

/** Evidence that was taken back is told of no time at all: that it was believed once makes it no better. */
function endOfEpisode(row: NonNullable<Row["episode"]>, { asOf }: Wanted): LeftOutReason | undefined {
  if (row.revokedAt !== null || row.endedBy === "revoke") return "revoked"
  if (row.endedBy === "redact") return "redacted"
  if (row.expiredAt === null || (asOf !== null && asOf < row.expiredAt)) return undefined
  return row.endedBy === "expire" ? "expired" : "retracted"
}

function endOfVersion(row: NonNullable<Row["version"]>, { asOf, validAt, now }: Wanted): LeftOutReason | undefined {
  if (row.endedBy === "revoke") return "revoked"
  if (row.endedBy === "redact") return "redacted"
  if (row.lapsesAt !== null && row.lapsesAt <= (asOf ?? now)) return "expired"
  if (row.op === "contradict" && row.expiredAt === null) return "superseded" // a claim beside the head, which stays what is believed
  if (row.expiredAt === null || (asOf !== null && asOf < row.expiredAt)) return undefined
  // The world changed, and before it did this was true.
  if (row.replacedFrom !== null && validAt < row.replacedFrom && (row.endedBy === "supersede" || row.endedBy === "retract"))
    return undefined
  if (row.endedBy === "expire") return "expired"
  return row.endedBy === "retract" ? "retracted" : "superseded"
}

function sameText(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ").trim()
}
