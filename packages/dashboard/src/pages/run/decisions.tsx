// What the gate decided in this run, each with the rule and the reason.
import type { RunEvent } from "@perdure/client"
import { useMemo } from "react"
import { field, isRecord, listOf, textOf } from "../../lib/json.ts"

interface Decision {
  key: string
  allowed: boolean
  action: string
  target: string
  rule: string
  reason: string
}

export function Decisions({ events }: { events: readonly RunEvent[] }): React.JSX.Element | null {
  const decisions = useMemo(() => events.flatMap(decisionsOf), [events])
  if (decisions.length === 0) return null
  return (
    <section aria-label="Gate decisions" className="panel min-w-0">
      <h2 className="heading border-b border-line px-4 py-2 leading-6">Gate decisions</h2>
      <ul className="divide-y divide-line">
        {decisions.map(({ key, allowed, action, target, rule, reason }) => (
          <li key={key} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 px-4 py-2 text-sm">
            <span className={`w-20 shrink-0 font-medium whitespace-nowrap ${allowed ? "text-good" : "text-bad"}`}>
              {allowed ? "✓ allowed" : "✕ denied"}
            </span>
            <span className="font-mono text-xs">
              {action} {target}
            </span>
            <span className="text-dim">
              by <span className="font-mono text-xs text-ink">{rule}</span>
            </span>
            <p className="w-full text-dim">{reason}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** From `gate.decided` events, and from the records of light runs, which carry theirs inside. */
function decisionsOf({ seq, type, data }: RunEvent): Decision[] {
  if (type.startsWith("gate.")) return [decisionOf(isRecord(field(data, "decision")) ? field(data, "decision") : data, String(seq))]
  const inside = listOf(field(data, "data", "gate") ?? field(data, "data", "decisions"))
  return inside.map((decision, index) => decisionOf(decision, `${seq}.${index}`))
}

function decisionOf(decision: unknown, key: string): Decision {
  const request = field(decision, "request")
  return {
    key,
    allowed: field(decision, "allowed") === true,
    action: textOf(field(request, "action")) ?? textOf(field(decision, "action")) ?? "?",
    target: textOf(field(request, "target")) ?? textOf(field(decision, "target")) ?? "",
    rule: textOf(field(decision, "rule")) ?? "?",
    reason: textOf(field(decision, "reason")) ?? "",
  }
}
