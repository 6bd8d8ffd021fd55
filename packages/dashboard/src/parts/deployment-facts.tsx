// What pages show of a deployment: its health with the reason, pace, load, price and what it is tagged with.
import type { DeploymentStatus } from "@perdure/client"
import { Fragment } from "react"
import { furtherPrices, healthLook, isPriceUnknown, priceText } from "../lib/deployment-health.ts"
import { formatCompact, formatDuration } from "../lib/format.ts"
import { useNow } from "../lib/now.ts"
import { toneText } from "../lib/statuses.ts"
import { Mark } from "./status.tsx"

export function Health({ health }: Pick<DeploymentStatus, "health">): React.JSX.Element {
  const look = healthLook(health, useNow())
  return (
    <div>
      <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${toneText[look.tone]}`}>
        <Mark {...look} />
        {look.label}
      </span>
      {look.detail === "" ? null : <div className="max-w-56 text-xs text-dim">{look.detail}</div>}
    </div>
  )
}

export function Pace({ health: { firstTokenMs, tokensPerSecond } }: Pick<DeploymentStatus, "health">): React.JSX.Element {
  if (firstTokenMs === null && tokensPerSecond === null) return <span className="text-dim">–</span>
  return (
    <div className="whitespace-nowrap">
      {formatDuration(firstTokenMs)}
      {tokensPerSecond === null ? null : <div className="text-xs text-dim">{formatCompact(Math.round(tokensPerSecond))} tokens/s</div>}
    </div>
  )
}

export function Load({ health: { inFlight, concurrencyMax, concurrencyLearned } }: Pick<DeploymentStatus, "health">): React.JSX.Element {
  return (
    <div className="whitespace-nowrap">
      {formatCompact(inFlight)}
      {concurrencyMax === null ? null : (
        <div className="text-xs text-dim">
          of {formatCompact(Math.floor(concurrencyMax))}
          {concurrencyLearned ? ", learned" : ""}
        </div>
      )}
    </div>
  )
}

export function Price({ deployment }: { deployment: DeploymentStatus }): React.JSX.Element {
  if (isPriceUnknown(deployment)) {
    return (
      <span
        className="rounded bg-warn-soft px-1.5 py-0.5 text-xs whitespace-nowrap text-warn"
        title="Calls are counted, and budgets are held at the assumed price. State it: models.<name>.deployments[].price"
      >
        unknown
      </span>
    )
  }
  if (deployment.price === null) return <span className="text-dim">by model</span>
  const further = furtherPrices(deployment.price)
  const usual = <span className="whitespace-nowrap">{priceText(deployment.price)}</span>
  if (further.length === 0) return usual
  return (
    <details>
      <summary className="cursor-pointer" title="Long requests, service tiers and hosted tools">
        {usual}
      </summary>
      <dl className="grid grid-cols-[auto_auto] gap-x-3 text-xs text-dim">
        {further.map(({ name, text }) => (
          <Fragment key={name}>
            <dt className="text-left">{name}</dt>
            <dd className="whitespace-nowrap">{text}</dd>
          </Fragment>
        ))}
      </dl>
    </details>
  )
}

export function Chips({ words }: { words: readonly string[] }): React.JSX.Element | null {
  if (words.length === 0) return null
  return (
    <span className="inline-flex flex-wrap gap-1">
      {words.map((word) => (
        <span key={word} className="max-w-full truncate rounded bg-raised px-1.5 text-xs text-dim">
          {word}
        </span>
      ))}
    </span>
  )
}
