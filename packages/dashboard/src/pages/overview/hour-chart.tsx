// Runs per hour as bars, the failed part of each in its own colour and at its foot.
import type { UsageRow } from "@perdure/client"
import { formatCount } from "../../lib/format.ts"
import { hourBuckets } from "../../lib/hours.ts"
import { useNow } from "../../lib/now.ts"

const heightPx = 96

export function HourChart({ rows, hours }: { rows: readonly UsageRow[]; hours: number }): React.JSX.Element {
  const now = useNow()
  const buckets = hourBuckets(rows, hours, now)
  const most = Math.max(1, ...buckets.map((bucket) => bucket.runs))
  return (
    <section aria-label="Runs per hour" className="panel px-4 pt-2 pb-3">
      <div className="flex justify-between">
        <h2 className="heading leading-6">Runs per hour</h2>
        <span className="text-xs leading-6 text-dim">
          most in an hour: {formatCount(most === 1 && buckets.every((bucket) => bucket.runs === 0) ? 0 : most)}
        </span>
      </div>
      <div
        className="mt-2 flex items-end gap-[3px] border-b border-line"
        style={{ height: heightPx }}
        role="img"
        aria-label={toldOf(buckets)}
      >
        {buckets.map(({ at, runs, failed }) => (
          <div
            key={at}
            title={`${clock(at)}: ${formatCount(runs)} runs, ${formatCount(failed)} failed`}
            className="group flex h-full min-w-0 flex-1 flex-col justify-end hover:bg-raised"
          >
            <div className="rounded-t-sm bg-accent/70 group-hover:bg-accent" style={{ height: barPx(runs - failed, most) }} />
            <div className={`bg-bad ${runs === failed ? "rounded-t-sm" : ""}`} style={{ height: barPx(failed, most) }} />
          </div>
        ))}
      </div>
      <div className="mt-1 flex justify-between text-xs text-dim">
        {[0, 6, 12, 18].map((index) => (
          <span key={index}>{clock(buckets[index]?.at ?? now)}</span>
        ))}
        <span>now</span>
      </div>
    </section>
  )
}

function barPx(count: number, most: number): number {
  return count === 0 ? 0 : Math.max(2, (count / most) * heightPx)
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
}

function toldOf(buckets: readonly { runs: number; failed: number }[]): string {
  const runs = buckets.reduce((sum, bucket) => sum + bucket.runs, 0)
  const failed = buckets.reduce((sum, bucket) => sum + bucket.failed, 0)
  return `${runs} runs in ${buckets.length} hours, ${failed} failed`
}
