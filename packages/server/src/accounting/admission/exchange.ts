// What one counter says in an exchange with the database: what it is, what was used of it, what credit it keeps and asks for.
import type { LimitExchange } from "../../store/index.ts"
import type { Counter } from "./counter.ts"
import { rateOf } from "./gcra.ts"

/** Of a user or tag, as it is shown. */
const valueCharactersMax = 200
/** What may be lent is lent in so many parts. */
const parts = 4

export function exchangeOf(counter: Counter, ask: { amount: number; want: number } | undefined): LimitExchange {
  const { id, bound, window, lent } = counter
  const { rule, scope } = bound
  const { intervalMs, burst } = rule.kind === "rate" ? rateOf(rule) : { intervalMs: 1, burst: rule.limit }
  return {
    id,
    first: counter.epoch === -1,
    new: {
      kind: rule.kind,
      project: scope.project,
      rule: rule.name,
      unit: rule.unit,
      per: rule.per,
      scope: JSON.stringify(scope, (_, value: unknown) => (typeof value === "string" ? value.slice(0, valueCharactersMax) : value)),
      end: Number.isFinite(window.end) ? window.end : null,
    },
    amount: rule.limit,
    burst,
    interval: intervalMs,
    used: Math.round(counter.used),
    kept: lent ? Math.max(0, Math.round(counter.credit)) : 0,
    reserved: Math.round(counter.reserved),
    least: ask ? Math.ceil(counter.lacking(ask.amount)) : 0,
    want: Math.ceil(ask?.want ?? 0),
    parts,
    recall: ask !== undefined,
  }
}
