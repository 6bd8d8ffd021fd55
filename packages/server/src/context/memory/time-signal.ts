// How near an entry lies to the times that a question names: when it was said, or when what it states held.
import type { Entry } from "./types.ts"

export interface TimeSpan {
  /** Epoch milliseconds, the end not included; null where it is open. */
  from: number | null
  to: number | null
}

type Timed = Pick<Entry, "occurredAt" | "validFrom" | "validTo" | "createdAt">

const dayMs = 86_400_000
/** What happened is often told some days later: so long after, half of the nearness is left. */
const tellingMs = 3 * dayMs

/** When it was said; of what was derived, from when to when it holds, where that is known. */
function spanOf({ occurredAt, validFrom, validTo, createdAt }: Timed): { from: number; to: number } {
  if (validFrom !== null) return { from: validFrom, to: validTo ?? Infinity }
  const at = occurredAt ?? createdAt
  return { from: at, to: Math.max(at + 1, validTo ?? 0) }
}

export function overlaps(entry: Timed, { from, to }: TimeSpan): boolean {
  const span = spanOf(entry)
  return span.from < (to ?? Infinity) && (from ?? -Infinity) < span.to
}

/** 1 where it begins within one of the spans, less the longer after it was told, 0 before. */
export function nearness(entry: Timed, spans: readonly TimeSpan[]): number {
  const { from: at } = spanOf(entry)
  return spans.reduce((most, { from, to }) => {
    if (at < (from ?? -Infinity)) return most
    const afterMs = at - (to ?? Infinity)
    return Math.max(most, afterMs < 0 ? 1 : 2 ** (-afterMs / tellingMs - 1))
  }, 0)
}

/** How much of what is missing to a full score an entry of the time that the question names is given; measured in bench/retrieval. */
const timeGain = 0.15

export function preferred(score: number, near: number): number {
  return score + (1 - score) * timeGain * near
}
