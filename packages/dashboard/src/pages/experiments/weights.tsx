// The weights of the variants over time, as stacked bars.
import type { Experiment } from "@perdure/client"
import { percent, weightsOverTime } from "../../lib/experiment-look.ts"
import { formatTime } from "../../lib/format.ts"
import { useNow } from "../../lib/now.ts"
import { TimeAgo } from "../../parts/small.tsx"
import { toneOf } from "./tones.ts"

const heightPx = 128
const slicesShown = 48

export function Weights({ experiment }: { experiment: Experiment }): React.JSX.Element {
  const now = useNow()
  const { variants, sampled, sampledAt } = experiment
  const slices = weightsOverTime(experiment, now, slicesShown)
  const told = variants.map(({ name, weight }) => `${name} ${percent(weight)}`).join(", ")
  return (
    <section aria-label="Weights over time" className="panel px-4 pt-3 pb-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="heading">Weights over time</h2>
        <span className="text-xs text-dim">
          {sampled ? "Scores shift them" : "Fixed"}
          {sampledAt === null ? null : (
            <>
              , last looked at <TimeAgo at={sampledAt} />
            </>
          )}
        </span>
      </div>
      <div className="mt-2 flex items-end gap-px" style={{ height: heightPx }} role="img" aria-label={`Now: ${told}`}>
        {slices.map(({ at, weights }) => (
          <div
            key={at}
            title={`${formatTime(at)}\n${variants.map(({ name }, index) => `${name} ${percent(weights[index] ?? 0)}`).join("\n")}`}
            className="flex h-full min-w-0 flex-1 flex-col-reverse"
          >
            {variants.map(({ name }, index) => (
              <div key={name} className={toneOf(index)} style={{ flex: `${weights[index] ?? 0} 0 0px` }} />
            ))}
          </div>
        ))}
      </div>
      <div className="mt-1 flex justify-between text-xs text-dim" aria-hidden="true">
        <span>{formatTime(slices[0]?.at ?? now)}</span>
        <span>now</span>
      </div>
      <ul aria-label="Shares" className="mt-3 flex flex-wrap gap-x-5 gap-y-1.5 text-xs">
        {variants.map(({ name, weight }, index) => (
          <li key={name} className="flex items-center gap-1.5">
            <span className={`size-2.5 shrink-0 rounded-sm ${toneOf(index)}`} aria-hidden="true" />
            {name} <span className="text-dim">{percent(weight)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
