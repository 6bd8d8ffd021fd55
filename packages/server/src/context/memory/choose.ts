// From ranked candidates to what is told: what holds, may be told, says something new and fits; and of the rest, why not.
import { estimateTokens } from "../documents/tokens.ts"
import { diversified } from "../retrieval/diversity.ts"
import type { Row } from "./entries.ts"
import { addsNothing, saidBy, type Said } from "./near-duplicates.ts"
import { behindWhatTheyRepeat, saysNothingBeside } from "./repeats.ts"
import { sameText } from "./shown.ts"
import { overlaps, type TimeSpan } from "./time-signal.ts"
import type { Entry, LeftOut, LeftOutReason, RecalledEntry, RecallWhy } from "./types.ts"

export interface Candidate {
  entry: Entry
  row: Row
  score: number
  why: RecallWhy
  /** Of an answer: what was recalled for it and it says again. */
  repeats?: readonly Candidate[]
}

export interface Told {
  now: number
  /** Null: what is known now. */
  asOf: number | null
  validAt: number
  /** Null: all. */
  lanes: ReadonlySet<string> | null
  /** By scope. */
  levelMin: ReadonlyMap<string, number>
  directives: "withhold" | "include"
}

export interface Wanted extends Told {
  limit: number
  /** Whether the reader has that text before it anyway. */
  shown: (text: string) => boolean
  budgetTokens: number
  /** What is told is of these times; null: of any. */
  times: readonly TimeSpan[] | null
  /** How much candidates that are like better ones give way, 0 to 1, and how like two are. */
  diversity: { share: number; alike: (a: Candidate, b: Candidate) => number | undefined } | null
  /** Whether each candidate that is left out is told of, and why; otherwise what comes after the last one that is told is not even read. */
  isExplained: boolean
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
/** What stands further down is not worth comparing with what stands above. */
export const comparedMax = 60

/** Of ranked candidates those that are told, best first. */
export function choose(ranked: readonly Candidate[], wanted: Wanted): Choice {
  const candidates = behindWhatTheyRepeat(ranked)
  const reasons = new Map<Candidate, LeftOutReason>()
  const { chosen, tokens, full } = fit(distinct(candidates, wanted, reasons), wanted, reasons)
  const leftOut = wanted.isExplained ? candidates.flatMap((each) => leftOutOf(each, reasons.get(each))) : []
  const entries = candidates.flatMap((each) => (chosen.has(each) ? [{ ...each.entry, score: each.score, why: each.why }] : []))
  const withheld = candidates.filter((each) => each.entry.directive && refusalOf(each, wanted) === "directive").length
  return { entries, leftOut, withheld, tokens, full: full || entries.length >= wanted.limit }
}

function leftOutOf({ entry, score, why }: Candidate, reason: LeftOutReason | undefined): LeftOut[] {
  return reason === undefined ? [] : [{ id: entry.id, versionId: entry.versionId, score, why, reason }]
}

/** What holds, may be told, and is not the text of a better one again. */
function* distinct(candidates: readonly Candidate[], wanted: Wanted, reasons: Map<Candidate, LeftOutReason>): Generator<Candidate> {
  const texts = new Set<string>()
  for (const candidate of candidates) {
    const refused = refusalOf(candidate, wanted) ?? outsideOf(candidate, wanted)
    const text = refused === undefined ? sameText(candidate.entry.text ?? "") : ""
    const reason = refused ?? againOf(candidate, text, texts, wanted)
    if (reason !== undefined) reasons.set(candidate, reason)
    else {
      texts.add(text)
      yield candidate
    }
  }
}

function againOf(candidate: Candidate, text: string, texts: ReadonlySet<string>, { shown }: Wanted): LeftOutReason | undefined {
  if (texts.has(text)) return "same_text"
  if (shown(text)) return "shown"
  return saysNothingBeside(candidate) ? "repeats" : undefined
}

interface Fitted {
  chosen: Set<Candidate>
  tokens: number
  full: boolean
}

function fit(tellable: Iterable<Candidate>, wanted: Wanted, reasons: Map<Candidate, LeftOutReason>): Fitted {
  if (wanted.diversity === null) return fitting(tellable, wanted, reasons)
  const { share, alike } = wanted.diversity
  const all = [...tellable]
  const compared = diversified(all.slice(0, comparedMax), { diversity: share, scoreOf: ({ score }) => score, alike })
  const fitted = fitting([...compared, ...all.slice(comparedMax)], wanted, reasons)
  // What would have been told, were it not like what is told.
  for (const each of all.slice(0, wanted.limit)) if (reasons.get(each) === "outranked") reasons.set(each, "near_duplicate")
  return fitted
}

function fitting(
  ordered: Iterable<Candidate>,
  { limit, budgetTokens, isExplained }: Wanted,
  reasons: Map<Candidate, LeftOutReason>,
): Fitted {
  const chosen = new Set<Candidate>()
  const said: Said[] = []
  let tokens = 0
  let full = false
  for (const candidate of ordered) {
    if (chosen.size >= limit) {
      if (!isExplained) break
      reasons.set(candidate, "outranked")
      continue
    }
    const cost = estimateTokens(candidate.entry.text ?? "")
    const says = saidBy(candidate.entry)
    if (said.some((other) => addsNothing(says, other))) reasons.set(candidate, "near_duplicate")
    else if (tokens + cost > budgetTokens) {
      full = true
      reasons.set(candidate, "budget")
    } else {
      said.push(says)
      tokens += cost
      chosen.add(candidate)
    }
  }
  return { chosen, tokens, full }
}

/** Whether nothing speaks against telling it but its place and the room. */
export function isTellable(candidate: Candidate, wanted: Wanted): boolean {
  return refusalOf(candidate, wanted) === undefined && outsideOf(candidate, wanted) === undefined
}

function outsideOf({ entry }: Candidate, { times }: Wanted): LeftOutReason | undefined {
  return times === null || times.some((span) => overlaps(entry, span)) ? undefined : "outside_time"
}

/** Why it may not be told at all. */
export function refusalOf({ entry, row }: Pick<Candidate, "entry" | "row">, wanted: Told): LeftOutReason | undefined {
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

/** Evidence that was revoked is told of no time at all: that it was believed once makes it no better. What was retracted is told of the time before. */
function endOfEpisode(row: NonNullable<Row["episode"]>, { asOf }: Told): LeftOutReason | undefined {
  if (row.revokedAt !== null || row.endedBy === "revoke") return "revoked"
  if (row.endedBy === "redact") return "redacted"
  if (row.expiredAt === null || (asOf !== null && asOf < row.expiredAt)) return undefined
  return row.endedBy === "expire" ? "expired" : "retracted"
}

function endOfVersion(row: NonNullable<Row["version"]>, { asOf, validAt, now }: Told): LeftOutReason | undefined {
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
