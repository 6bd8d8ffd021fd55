// The keys in rows: what each may use, what it has cost, when it was used and when it ends.
import type { ApiKey, UsageRow } from "@perdure/client"
import { formatCompact, formatCost, formatTime } from "../../lib/format.ts"
import { Copy, TimeAgo } from "../../parts/small.tsx"

export type KeyAction = "edit" | "rotate" | "block" | "revoke"

export interface KeyTableProps {
  keys: readonly ApiKey[]
  /** By key id, over the last 30 days; empty while it is being read. */
  spent: ReadonlyMap<string, UsageRow>
  onAction: (action: KeyAction, key: ApiKey) => void
}

export function KeyTable({ keys, spent, onAction }: KeyTableProps): React.JSX.Element {
  return (
    <div className="panel overflow-x-auto">
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="px-4 py-2 text-left font-normal">Name</th>
            <th className="px-2 py-2 text-left font-normal">Key</th>
            <th className="px-2 py-2 text-left font-normal">May use</th>
            <th className="px-2 py-2 text-left font-normal">Limits</th>
            <th className="px-2 py-2 text-right font-normal whitespace-nowrap">Last 30 days</th>
            <th className="px-2 py-2 text-left font-normal whitespace-nowrap">Last used</th>
            <th className="px-2 py-2 text-left font-normal">Ends</th>
            <th className="px-4 py-2 text-right font-normal">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} spent={spent.get(key.id)} onAction={onAction} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface KeyRowProps {
  apiKey: ApiKey
  spent: UsageRow | undefined
  onAction: KeyTableProps["onAction"]
}

function KeyRow({ apiKey, spent, onAction }: KeyRowProps): React.JSX.Element {
  const { name, hint, id, state, tags, user, scope, limits, createdAt, lastUsedAt } = apiKey
  return (
    <tr data-key={id} className={`align-top ${state === "live" ? "" : "text-dim"}`}>
      <td className="max-w-64 px-4 py-2">
        <div className={state === "revoked" ? "line-through" : "font-medium"}>{name}</div>
        <Chips words={[...(user === null ? [] : [`for ${user}`]), ...tags.map((tag) => `#${tag}`)]} />
      </td>
      <td className="px-2 py-2 whitespace-nowrap">
        <div className="flex h-5 items-center">
          <span className="font-mono text-xs" title={id}>
            {hint}
          </span>
          <Copy text={id} label={`Copy the id of ${name}`} />
        </div>
        <div className="text-xs text-dim">
          created <TimeAgo at={createdAt} />
        </div>
      </td>
      <td className="max-w-72 px-2 py-2 font-mono text-xs">
        <Patterns all="every model" patterns={scope.models} />
        <Patterns all="every endpoint" patterns={scope.endpoints} />
        {scope.regions.length > 0 ? <div className="text-dim">only in {scope.regions.join(", ")}</div> : null}
      </td>
      <td className="px-2 py-2 text-xs">
        <Limits limits={limits} />
      </td>
      <td className="px-2 py-2 text-right whitespace-nowrap">
        {spent === undefined ? <span className="text-dim">–</span> : formatCost(spent.costMicroUsd, spent.costKnown)}
        {spent === undefined ? null : (
          <div className="text-xs text-dim">{`${formatCompact(spent.runs)} ${spent.runs === 1 ? "run" : "runs"}`}</div>
        )}
      </td>
      <td className="px-2 py-2 text-dim">{lastUsedAt === null ? "never" : <TimeAgo at={lastUsedAt} />}</td>
      <td className="px-2 py-2">
        <Ends apiKey={apiKey} />
      </td>
      <td className="px-4 py-1.5">{state === "revoked" ? null : <Actions apiKey={apiKey} onAction={onAction} />}</td>
    </tr>
  )
}

function Actions({ apiKey, onAction }: Omit<KeyRowProps, "spent">): React.JSX.Element {
  const button = (action: KeyAction, word: string): React.JSX.Element => (
    <button
      type="button"
      className={`button justify-center ${action === "revoke" ? "button-bad" : ""}`}
      aria-label={`${word} ${apiKey.name}`}
      onClick={() => onAction(action, apiKey)}
    >
      {word}
    </button>
  )
  return (
    <span className="ml-auto grid w-42 grid-cols-2 gap-1.5">
      {button("edit", "Edit")}
      {button("rotate", "Rotate")}
      {button("block", apiKey.state === "blocked" ? "Unblock" : "Block")}
      {button("revoke", "Revoke")}
    </span>
  )
}

function Chips({ words }: { words: readonly string[] }): React.JSX.Element | null {
  if (words.length === 0) return null
  return (
    <div className="mt-0.5 flex flex-wrap gap-1">
      {words.map((word) => (
        <span key={word} className="max-w-full truncate rounded bg-raised px-1.5 text-xs text-dim">
          {word}
        </span>
      ))}
    </div>
  )
}

const patternsShown = 3

function Patterns({ all, patterns }: { all: string; patterns: readonly string[] }): React.JSX.Element {
  if (patterns.length === 0) return <div className="font-sans text-dim">{all}</div>
  const rest = patterns.length - patternsShown
  return (
    <div className="break-words" title={patterns.join(", ")}>
      {patterns.slice(0, patternsShown).join(", ")}
      {rest > 0 ? ` and ${rest} more` : ""}
    </div>
  )
}

function Limits({ limits }: { limits: ApiKey["limits"] }): React.JSX.Element {
  const { budgetUsd, budgetPer = "month", alertUsd, requestsPerMinute, tokensPerMinute, concurrent } = limits
  const money = (usd: number): string => (budgetPer === "total" ? `$${usd} in all` : `$${usd} per ${budgetPer}`)
  const lines = [
    ...(budgetUsd === undefined ? [] : [money(budgetUsd)]),
    ...(alertUsd === undefined ? [] : [`told at ${money(alertUsd)}`]),
    ...(requestsPerMinute === undefined ? [] : [`${formatCompact(requestsPerMinute)} requests/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${formatCompact(tokensPerMinute)} tokens/min`]),
    ...(concurrent === undefined ? [] : [`${formatCompact(concurrent)} at once`]),
  ]
  if (lines.length === 0) return <span className="text-dim">none</span>
  return (
    <>
      {lines.map((line) => (
        <div key={line} className="whitespace-nowrap">
          {line}
        </div>
      ))}
    </>
  )
}

function Ends({ apiKey }: { apiKey: ApiKey }): React.JSX.Element {
  const { state, expiresAt, blockedAt, revokedAt, oldSecretsUntil } = apiKey
  if (state === "revoked") return <Stamp word="revoked" at={revokedAt ?? 0} tone="text-dim" />
  if (state === "expired") return <Stamp word="expired" at={expiresAt ?? 0} tone="text-warn" />
  return (
    <>
      {blockedAt === null ? null : <Stamp word="blocked" at={blockedAt} tone="text-warn" />}
      {expiresAt === null ? <span className="text-dim">never</span> : <Stamp word="ends" at={expiresAt} tone="" />}
      {oldSecretsUntil === null ? null : <Stamp word="old secret ends" at={oldSecretsUntil} tone="text-live" />}
    </>
  )
}

function Stamp({ word, at, tone }: { word: string; at: number; tone: string }): React.JSX.Element {
  return (
    <div className={`text-xs ${tone}`}>
      <div>{word}</div>
      <time dateTime={new Date(at).toISOString()} className="whitespace-nowrap">
        {formatTime(at)}
      </time>
    </div>
  )
}
