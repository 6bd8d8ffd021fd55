// One score over time: how many there were per hour or day, and their mean.
import { useScoreSums } from "../../data/shaping.ts"
import { scoreText } from "../../lib/experiment-look.ts"
import { formatCompact } from "../../lib/format.ts"
import { useNow } from "../../lib/now.ts"
import { scoresOverTime } from "../../lib/score-time.ts"
import { ranges, type RangeName } from "../../lib/spend.ts"

const heightPx = 112

export function ScoreChart({ name, range }: { name: string; range: RangeName }): React.JSX.Element | null {
  const sums = useScoreSums(range, name, true)
  const now = useNow()
  if (!sums.data) return null
  const buckets = scoresOverTime(sums.data.rows, range, now)
  const most = Math.max(1, ...buckets.map(({ count }) => count))
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  const { interval, label } = ranges[range]
  return (
    <section aria-label={`${name} over time`} className="panel px-4 pt-3 pb-3">
      <h2 className="heading">
        {name} per {interval}
      </h2>
      <div
        className="mt-2 flex items-end gap-[3px] border-b border-line"
        style={{ height: heightPx }}
        role="img"
        aria-label={`${total} scores in the last ${label}`}
      >
        {buckets.map(({ at, count, mean }) => (
          <div
            key={at}
            title={`${new Date(at).toISOString().slice(0, interval === "hour" ? 16 : 10)}: ${formatCompact(count)} scores, mean ${scoreText(mean)}`}
            className="flex h-full min-w-0 flex-1 flex-col justify-end hover:bg-raised"
          >
            {mean === null ? null : <span className="truncate text-center text-[10px] text-dim max-md:hidden">{scoreText(mean)}</span>}
            <div
              className="rounded-t-sm bg-accent/70"
              style={{ height: count === 0 ? 0 : Math.max(2, (count / most) * (heightPx - 20)) }}
            />
          </div>
        ))}
      </div>
      <p className="mt-1 text-xs text-dim">Bars: how many; above them: their mean.</p>
    </section>
  )
}
