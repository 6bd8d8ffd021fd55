// Scores that runs were given: sums by name, one name over time, and the newest of them.
import type { FeedbackSums } from "@perdure/client"
import { useScores, useScoreSums } from "../../data/shaping.ts"
import { useAddress } from "../../lib/address.ts"
import { scoreText } from "../../lib/experiment-look.ts"
import { formatCompact } from "../../lib/format.ts"
import { ranges, type RangeName } from "../../lib/spend.ts"
import { Choice, Pick } from "../../parts/filters.tsx"
import { Code, Failure, Loading, PageHead } from "../../parts/small.tsx"
import { Cell, Table } from "../../parts/table.tsx"
import { ScoreChart } from "./chart.tsx"
import { NewestScores } from "./newest.tsx"

const rangeOptions = Object.entries(ranges).map(([name, { label }]) => [name, `Last ${label}`] as const)

export function ScoresPage(): React.JSX.Element {
  const { params, set } = useAddress()
  const range = (Object.keys(ranges) as RangeName[]).find((each) => each === params.get("range")) ?? "month"
  const sums = useScoreSums(range, "", false)
  const names = [...new Set(sums.data?.rows.map(({ name }) => name))]
  const name = params.get("name") ?? ""
  return (
    <>
      <PageHead title="Scores">
        <Choice
          label="Score"
          all="All scores"
          value={name}
          options={[...new Set([...names, ...(name === "" ? [] : [name])])].map((each) => [each, each] as const)}
          onChange={(value) => set("name", value)}
        />
        <span className="ml-auto">
          <Pick label="Range" value={range} options={rangeOptions} onChange={(value) => set("range", value)} />
        </span>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
          {sums.error ? <Failure error={sums.error} /> : null}
          {sums.isPending ? <Loading /> : null}
          {sums.data ? <Scores sums={sums.data} name={name} range={range} experiment={params.get("experiment") ?? ""} /> : null}
        </div>
      </div>
    </>
  )
}

interface ScoresProps {
  sums: FeedbackSums
  name: string
  range: RangeName
  experiment: string
}

function Scores({ sums, name, range, experiment }: ScoresProps): React.JSX.Element {
  const scores = useScores({ name, experiment })
  const rows = sums.rows.filter((row) => name === "" || row.name === name)
  if (sums.rows.length === 0 && scores.data?.length === 0) return <NoScores />
  return (
    <>
      {name === "" ? null : <ScoreChart name={name} range={range} />}
      <Table
        label="Sums"
        heads={["Score", "Category", ...["Count", "Mean", "Deviation"].map((head) => ({ name: head, isNumber: true }) as const)]}
      >
        {rows.map((row) => (
          <tr key={`${row.name} ${row.category}`} data-sum={row.name}>
            <Cell>
              <span className="font-medium">{row.name}</span>
            </Cell>
            <Cell>{row.category ?? <span className="text-dim">–</span>}</Cell>
            <Cell isNumber>{formatCompact(row.count)}</Cell>
            <Cell isNumber>{scoreText(row.mean)}</Cell>
            <Cell isNumber>{scoreText(row.deviation)}</Cell>
          </tr>
        ))}
      </Table>
      <NewestScores scores={scores} />
    </>
  )
}

function NoScores(): React.JSX.Element {
  const call = [
    `curl ${location.origin}/v1/feedback \\`,
    `  -H "authorization: Bearer $PERDURE_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '${JSON.stringify({ runId: "run_…", name: "helpful", value: true })}'`,
  ].join("\n")
  return (
    <div className="panel flex max-w-xl flex-col gap-3 px-4 py-4">
      <h2 className="text-base font-semibold">No scores yet</h2>
      <p className="text-sm text-dim">
        Tell what your users or your tests think of an answer: true or false, a number, or a word. The run's id is in the header
        x-perdure-run-id.
      </p>
      <Code text={call} label="Score a run" />
    </div>
  )
}
