// Mean scores of the variants with the bounds that they lie between, all on one line.
import type { ExperimentVariant } from "@perdure/client"
import { scoreLines, scoreNames, scoreText } from "../../lib/experiment-look.ts"
import { formatCompact } from "../../lib/format.ts"

export function Scores({ variants }: { variants: ExperimentVariant[] }): React.JSX.Element {
  const names = scoreNames(variants)
  return (
    <section aria-label="Scores" className="panel flex flex-col gap-4 px-4 py-3">
      <h2 className="heading">Scores</h2>
      {names.length === 0 ? (
        <p className="text-sm text-dim">No run of it has been scored: POST /v1/feedback with its id.</p>
      ) : (
        names.map((name) => <Score key={name} name={name} variants={variants} />)
      )}
    </section>
  )
}

function Score({ name, variants }: { name: string; variants: ExperimentVariant[] }): React.JSX.Element {
  const bounds = new Map(variants.map((each) => [each.name, each.scores.find((score) => score.name === name)]))
  return (
    <div data-score={name}>
      <h3 className="text-sm font-medium">{name}</h3>
      <table className="mt-1 w-full text-sm">
        <thead className="sr-only">
          <tr>
            <th>Variant</th>
            <th>Where the mean lies</th>
            <th>Mean</th>
            <th>Scores</th>
          </tr>
        </thead>
        <tbody>
          {scoreLines(variants, name).map(({ variant, count, mean, from, to, point }) => {
            const { low = null, high = null } = bounds.get(variant) ?? {}
            return (
              <tr key={variant} data-variant={variant}>
                <td className="max-w-40 truncate py-1 pr-3">{variant}</td>
                <td className="w-full py-1" title="Between these with a probability of 95 %">
                  <div className="relative h-4" aria-hidden="true">
                    <div
                      className="absolute top-1.5 h-1 rounded bg-line-strong"
                      style={{ left: `${from}%`, width: `${Math.max(0.5, to - from)}%` }}
                    />
                    <div className="absolute top-0.5 size-3 -translate-x-1/2 rounded-full bg-accent" style={{ left: `${point}%` }} />
                  </div>
                  <span className="sr-only">{`between ${scoreText(low)} and ${scoreText(high)}`}</span>
                </td>
                <td className="py-1 pl-3 text-right whitespace-nowrap">
                  {scoreText(mean)}
                  <span className="text-xs text-dim">
                    {" "}
                    {scoreText(low)}…{scoreText(high)}
                  </span>
                </td>
                <td className="py-1 pl-3 text-right text-xs whitespace-nowrap text-dim">{formatCompact(count)} scores</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
