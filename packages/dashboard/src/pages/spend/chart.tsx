// Cost, tokens or runs over time as stacked bars: the largest groups in their own colours, the others together.
import type { UsageRow } from "@perdure/client"
import { formatCompact, formatCost } from "../../lib/format.ts"
import { useNow } from "../../lib/now.ts"
import { measures, ranges, spendOverTime, type Bucket, type MeasureName, type RangeName, type Series } from "../../lib/spend.ts"

const heightPx = 168
const seriesMax = 5
const tones = ["bg-series-1", "bg-series-2", "bg-series-3", "bg-series-4", "bg-series-5", "bg-series-6"]
const restTone = "bg-series-rest"

export interface SpendChartProps {
  /** Apart for each hour or day. */
  rows: readonly UsageRow[]
  total: UsageRow
  range: RangeName
  measure: MeasureName
  nameOf: (group: string) => string
}

export function SpendChart({ rows, total, range, measure, nameOf }: SpendChartProps): React.JSX.Element {
  const now = useNow()
  const { series, buckets } = spendOverTime(rows, { range, measure, now, seriesMax })
  const most = Math.max(0, ...buckets.map((bucket) => bucket.total))
  const told = measureText(measure)
  const nameOfSeries = ({ group }: Series): string => (group === null ? "others" : nameOf(group))
  const sum = told(measures[measure].of(total), total.costKnown)
  const when = dateText(range)
  return (
    <section aria-label="Over time" className="panel px-4 pt-3 pb-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="heading">
          {measures[measure].label} per {ranges[range].interval}
          {ranges[range].interval === "day" ? " (UTC)" : ""}
        </h2>
        <span className="text-xl font-semibold tracking-tight">{sum}</span>
      </div>
      <div className="mt-2 flex gap-2">
        <div
          className="flex flex-1 items-end gap-px border-b border-line sm:gap-[3px]"
          style={{ height: heightPx }}
          role="img"
          aria-label={`${sum} in the last ${ranges[range].label}, ${told(most)} at most per ${ranges[range].interval}`}
        >
          {buckets.map((bucket) => (
            <Bar
              key={bucket.at}
              bucket={bucket}
              most={most || 1}
              title={titleOf(bucket, series, { when, told, nameOfSeries })}
              series={series}
            />
          ))}
        </div>
        <div
          className="flex w-18 shrink-0 flex-col justify-between text-right text-xs text-dim"
          style={{ height: heightPx }}
          aria-hidden="true"
        >
          <span>{most > 0 ? told(most) : null}</span>
          <span>{most > 0 ? told(most / 2) : null}</span>
          <span>0</span>
        </div>
      </div>
      <div className="mt-1 mr-20 flex justify-between text-xs text-dim" aria-hidden="true">
        <span>{when(buckets[0]?.at ?? now)}</span>
        <span>{when(buckets[Math.floor(buckets.length / 2)]?.at ?? now)}</span>
        <span>{when(buckets.at(-1)?.at ?? now)}</span>
      </div>
      <ul aria-label="Groups" className="mt-3 flex flex-wrap gap-x-5 gap-y-1.5 text-xs">
        {series.map((each, index) => (
          <li key={each.group ?? ""} className="flex max-w-full items-center gap-1.5">
            <span className={`size-2.5 shrink-0 rounded-sm ${toneOf(each, index)}`} aria-hidden="true" />
            <span className="truncate">{nameOfSeries(each)}</span>
            <span className="text-dim">{told(each.total)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Bar({
  bucket,
  most,
  title,
  series,
}: {
  bucket: Bucket
  most: number
  title: string
  series: readonly Series[]
}): React.JSX.Element {
  return (
    <div title={title} className="flex h-full min-w-0 flex-1 flex-col justify-end hover:bg-raised">
      <div className="flex flex-col-reverse overflow-hidden rounded-t-sm" style={{ height: `${barPercent(bucket.total, most)}%` }}>
        {series.map((each, index) => (
          <div key={each.group ?? ""} className={toneOf(each, index)} style={{ flex: `${bucket.values[index] ?? 0} 0 0px` }} />
        ))}
      </div>
    </div>
  )
}

function toneOf({ group }: Series, index: number): string {
  return (group === null ? undefined : tones[index]) ?? restTone
}

/** What is there at all can be seen. */
function barPercent(value: number, most: number): number {
  return value === 0 ? 0 : Math.max(1.5, (value / most) * 100)
}

function measureText(measure: MeasureName): (value: number, known?: boolean) => string {
  return measure === "cost" ? formatCost : (value) => formatCompact(Math.round(value))
}

function dateText(range: RangeName): (at: number) => string {
  const { interval } = ranges[range]
  const format = new Intl.DateTimeFormat(
    "en-US",
    interval === "hour" ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { month: "short", day: "numeric", timeZone: "UTC" },
  )
  return (at) => format.format(at)
}

interface Telling {
  when: (at: number) => string
  told: (value: number) => string
  nameOfSeries: (series: Series) => string
}

function titleOf({ at, total, values }: Bucket, series: readonly Series[], { when, told, nameOfSeries }: Telling): string {
  const parts = series.flatMap((each, index) => ((values[index] ?? 0) > 0 ? [`${nameOfSeries(each)}: ${told(values[index] ?? 0)}`] : []))
  return [`${when(at)}: ${told(total)}`, ...parts].join("\n")
}
