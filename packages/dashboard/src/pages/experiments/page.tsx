// All experiments: how each stands, and what shares its variants have.
import type { ExperimentSummary } from "@perdure/client"
import { Link } from "wouter"
import { useExperiments } from "../../data/shaping.ts"
import { useAddress } from "../../lib/address.ts"
import { percent } from "../../lib/experiment-look.ts"
import { Choice, NoneFits } from "../../parts/filters.tsx"
import { Code, Failure, Loading, PageHead } from "../../parts/small.tsx"
import { Cell, Table } from "../../parts/table.tsx"
import { ExperimentStatus, statusWords } from "./status.tsx"

const states = Object.entries(statusWords)

export function ExperimentsPage(): React.JSX.Element {
  const { params, set, clear } = useAddress()
  const state = states.find(([name]) => name === params.get("state"))?.[0] ?? ""
  return (
    <>
      <PageHead title="Experiments">
        <Choice label="State" all="All states" value={state} options={states} onChange={(value) => set("state", value)} />
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
          <Experiments state={state} onClear={clear} />
        </div>
      </div>
    </>
  )
}

function Experiments({ state, onClear }: { state: string; onClear: () => void }): React.JSX.Element {
  const { data, error } = useExperiments()
  if (error) return <Failure error={error} />
  if (!data) return <Loading />
  if (data.length === 0) return <NoExperiments />
  const found = data.filter(({ status }) => state === "" || status === state)
  if (found.length === 0) return <NoneFits what="experiment" onClear={onClear} />
  return (
    <Table label="Experiments" heads={["Name", "State", "Asked for by", "Shares", "Sampling", "Declared in"]}>
      {found.map((each) => (
        <ExperimentRow key={each.name} experiment={each} />
      ))}
    </Table>
  )
}

function ExperimentRow({ experiment }: { experiment: ExperimentSummary }): React.JSX.Element {
  const { name, description, status, winner, models, prompts, weights, sampled, origin } = experiment
  const names = [`experiment/${name}`, ...models, ...prompts.map((prompt) => `prompt ${prompt}`)]
  return (
    <tr data-experiment={name}>
      <Cell>
        <Link to={`/experiments/${encodeURIComponent(name)}`} className="font-medium text-accent hover:underline">
          {name}
        </Link>
        {description === null ? null : <p className="max-w-72 text-xs text-dim">{description}</p>}
      </Cell>
      <Cell>
        <ExperimentStatus status={status} winner={winner} />
      </Cell>
      <Cell>
        <span className="font-mono text-xs break-words">{names.join(", ")}</span>
      </Cell>
      <Cell>
        {Object.entries(weights)
          .map(([variant, share]) => `${variant} ${percent(share)}`)
          .join(" · ")}
      </Cell>
      <Cell>{sampled ? "on" : <span className="text-dim">off</span>}</Cell>
      <Cell>
        <span className="font-mono text-xs text-dim">{origin === "api" ? "the API" : origin}</span>
      </Cell>
    </tr>
  )
}

function NoExperiments(): React.JSX.Element {
  const body = { name: "size", models: ["assistant"], variants: { small: { model: "gpt-4o-mini" }, large: { model: "gpt-4o" } } }
  const call = [
    `curl ${location.origin}/v1/experiments \\`,
    `  -H "authorization: Bearer $PERDURE_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '${JSON.stringify(body)}'`,
  ].join("\n")
  return (
    <div className="panel flex max-w-xl flex-col gap-3 px-4 py-4">
      <h2 className="text-base font-semibold">No experiments yet</h2>
      <p className="text-sm text-dim">
        An experiment divides requests among models or prompts, keeps each user with one of them, and sums cost, time and scores for each.
        Declare it in the configuration, or begin it over the API:
      </p>
      <Code text={call} label="Begin an experiment" />
    </div>
  )
}
