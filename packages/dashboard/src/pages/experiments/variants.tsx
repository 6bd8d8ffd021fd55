// The variants in rows: what each is, its share, and what its requests came to.
import type { ExperimentVariant } from "@perdure/client"
import { Link } from "wouter"
import { percent } from "../../lib/experiment-look.ts"
import { formatCompact, formatCost, formatDuration } from "../../lib/format.ts"
import { Cell, Table } from "../../parts/table.tsx"
import { toneOf } from "./tones.ts"

const numbers = ["Share", "Requests", "Failed", "Time", "Cost each", "Probably best"].map((name) => ({ name, isNumber: true }) as const)

export function Variants({ variants, requests }: { variants: readonly ExperimentVariant[]; requests: number }): React.JSX.Element {
  return (
    <Table label="Variants" heads={["Variant", "Gives", ...numbers]}>
      {variants.map((each, index) => (
        <VariantRow key={each.name} variant={each} index={index} requests={requests} />
      ))}
    </Table>
  )
}

function VariantRow({ variant, index, requests: all }: { variant: ExperimentVariant; index: number; requests: number }): React.JSX.Element {
  const { name, weight, declaredWeight, requests, failed, latencyMs, costMicroUsd, costKnown, probabilityBest } = variant
  return (
    <tr data-variant={name}>
      <Cell>
        <span className="flex items-center gap-2 font-medium">
          <span className={`size-2.5 shrink-0 rounded-sm ${toneOf(index)}`} aria-hidden="true" />
          {name}
        </span>
      </Cell>
      <Cell>
        <Gives variant={variant} />
      </Cell>
      <Cell isNumber>
        {percent(weight)}
        {Math.abs(weight - declaredWeight) < 0.001 ? null : <div className="text-xs text-dim">declared {percent(declaredWeight)}</div>}
      </Cell>
      <Cell isNumber>
        {formatCompact(requests)}
        {all === 0 ? null : <div className="text-xs text-dim">{percent(requests / all)}</div>}
      </Cell>
      <Cell isNumber>{requests === 0 ? "–" : percent(failed / requests)}</Cell>
      <Cell isNumber>{formatDuration(latencyMs)}</Cell>
      <Cell isNumber>{requests === 0 ? "–" : formatCost(Math.round(costMicroUsd / requests), costKnown)}</Cell>
      <Cell isNumber>{probabilityBest === null ? "–" : percent(probabilityBest)}</Cell>
    </tr>
  )
}

function Gives({ variant: { model, prompt } }: { variant: ExperimentVariant }): React.JSX.Element {
  return (
    <div className="font-mono text-xs">
      {model === null ? null : <div>{model}</div>}
      {prompt === null ? null : (
        <Link to={`/prompts/${encodeURIComponent(prompt.id)}`} className="text-accent hover:underline">
          {prompt.id}
          {prompt.version === null ? (prompt.label === null ? "" : `:${prompt.label}`) : `@${prompt.version}`}
        </Link>
      )}
    </div>
  )
}
