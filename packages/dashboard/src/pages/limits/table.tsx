// The limits in rows: whom each binds, what it allows, a bar of what is used and held, what is left and until when.
import type { LimitStatus } from "@perdure/client"
import { allowanceOf, amountText, fractionsOf, scopeText, stateOf, type LimitState } from "../../lib/limit-look.ts"
import { formatDuration, formatTime } from "../../lib/format.ts"
import { useNow } from "../../lib/now.ts"

export interface LimitTableProps {
  limits: readonly LimitStatus[]
  nameOfKey: (id: string) => string
}

export function LimitTable({ limits, nameOfKey }: LimitTableProps): React.JSX.Element {
  return (
    <section aria-label="Limits" className="panel overflow-x-auto" tabIndex={0}>
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="px-4 py-2 text-left font-normal">Limit</th>
            <th className="px-2 py-2 text-left font-normal">Binds</th>
            <th className="px-2 py-2 text-left font-normal">Allows</th>
            <th className="px-2 py-2 text-left font-normal">Used</th>
            <th className="px-2 py-2 text-right font-normal">Left</th>
            <th className="px-4 py-2 text-right font-normal whitespace-nowrap">All there again</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {limits.map((limit) => (
            <LimitRow key={keyOf(limit)} limit={limit} nameOfKey={nameOfKey} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function keyOf({ name, unit, per, scope }: LimitStatus): string {
  return JSON.stringify([name, unit, per, scope])
}

function LimitRow({ limit, nameOfKey }: { limit: LimitStatus; nameOfKey: (id: string) => string }): React.JSX.Element {
  const state = stateOf(limit)
  const scope = scopeText(limit, nameOfKey)
  return (
    <tr data-limit={limit.name} data-state={state} className="align-top">
      <td className="max-w-56 px-4 py-2 font-medium break-words">
        {limit.name}
        {limit.enforced ? null : <div className="text-xs font-normal text-dim">refuses nothing</div>}
      </td>
      <td className="max-w-72 px-2 py-2 break-words">
        {scope === "" ? <span className="text-dim">{limit.scope.project === null ? "every project" : "every call"}</span> : scope}
      </td>
      <td className="px-2 py-2 whitespace-nowrap">{allowanceOf(limit)}</td>
      <td className="w-64 min-w-44 px-2 py-2">
        <Use limit={limit} state={state} />
      </td>
      <td className="px-2 py-2 text-right whitespace-nowrap">
        {limit.left === null ? <span className="text-dim">–</span> : amountText(limit.left, limit.unit)}
        <Badge state={state} enforced={limit.enforced} />
      </td>
      <td className="px-4 py-2 text-right text-dim">
        <Resets at={limit.resetsAt} />
      </td>
    </tr>
  )
}

const barTones: Readonly<Record<LimitState, string>> = { free: "bg-accent", near: "bg-warn", full: "bg-bad", shared: "bg-still" }

function Use({ limit, state }: { limit: LimitStatus; state: LimitState }): React.JSX.Element {
  const fractions = fractionsOf(limit)
  if (!fractions) return <span className="text-xs text-dim">not told: other projects use it too</span>
  const { used, reserved, unit } = limit
  const held = (reserved ?? 0) > 0 ? `, ${amountText(reserved ?? 0, unit)} held` : ""
  const percent = Math.round((fractions.used + fractions.reserved) * 100)
  return (
    <>
      <div
        role="meter"
        aria-label={`Used of ${limit.name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${percent} %`}
        className="mt-1.5 flex h-2 overflow-hidden rounded-full bg-line"
      >
        <span className={barTones[state]} style={{ width: `${fractions.used === 0 ? 0 : Math.max(1, fractions.used * 100)}%` }} />
        <span className={`opacity-45 ${barTones[state]}`} style={{ width: `${fractions.reserved * 100}%` }} />
      </div>
      <div className="mt-1 text-xs text-dim">
        {amountText(used ?? 0, unit)}
        {held}
      </div>
    </>
  )
}

function Badge({ state, enforced }: { state: LimitState; enforced: boolean }): React.JSX.Element | null {
  if (state !== "full" && state !== "near") return null
  const full = enforced ? ["used up", "bg-bad-soft text-bad"] : ["reached", "bg-warn-soft text-warn"]
  const [word, tone] = state === "full" ? full : ["nearly used up", "bg-warn-soft text-warn"]
  return (
    <div>
      <span className={`rounded px-1.5 text-xs ${tone}`}>{word}</span>
    </div>
  )
}

const dayMs = 86_400_000

function Resets({ at }: { at: number | null }): React.JSX.Element {
  const now = useNow()
  if (at === null) return <>–</>
  if (at <= now) return <>now</>
  const left = at - now
  return (
    <time dateTime={new Date(at).toISOString()} title={formatTime(at)} className="whitespace-nowrap">
      in {left < dayMs ? formatDuration(Math.ceil(left / 1_000) * 1_000).replace(/\.\d+ s$/, " s") : `${Math.ceil(left / dayMs)} d`}
    </time>
  )
}
