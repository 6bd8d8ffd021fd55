// One prompt: its versions with their text and parameters, the labels that point to them, and where it is used.
import type { Prompt, PromptVersion } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { useExperiments, usePrompt, useSetLabel } from "../../data/shaping.ts"
import { useRelatedRuns } from "../../data/runs.ts"
import { formatCost } from "../../lib/format.ts"
import { JsonView } from "../../parts/json-view.tsx"
import { Failure, Loading, PageHead, TimeAgo } from "../../parts/small.tsx"
import { StatusText } from "../../parts/status.tsx"
import { Cell, Table } from "../../parts/table.tsx"
import { Labels } from "./labels.tsx"

export function PromptPage({ name }: { name: string }): React.JSX.Element {
  const prompt = usePrompt(name)
  return (
    <>
      <PageHead title={name}>
        <Link to="/prompts" className="text-sm text-accent hover:underline">
          All prompts
        </Link>
        {prompt.data ? <Labels labels={prompt.data.labels} /> : null}
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
          {prompt.error ? <Failure error={prompt.error} /> : null}
          {prompt.isPending ? <Loading /> : null}
          {prompt.data ? <Loaded prompt={prompt.data} /> : null}
        </div>
      </div>
    </>
  )
}

function Loaded({ prompt }: { prompt: Prompt }): React.JSX.Element {
  const [chosen, setChosen] = useState<number>()
  const number = chosen ?? prompt.labels["production"] ?? prompt.latest
  const version = prompt.versions.find((each) => each.version === number) ?? prompt.versions[0]
  return (
    <div className="grid gap-4 lg:grid-cols-[16rem_1fr]">
      <div className="flex min-w-0 flex-col gap-4">
        <ul aria-label="Versions" className="panel divide-y divide-line">
          {prompt.versions.map((each) => (
            <li key={each.version}>
              <button
                type="button"
                data-version={each.version}
                aria-pressed={each.version === version?.version}
                onClick={() => setChosen(each.version)}
                className={`flex w-full flex-col items-start gap-0.5 px-3 py-2 text-left text-sm ${each.version === version?.version ? "bg-accent-soft" : "hover:bg-raised"}`}
              >
                <span className="font-medium">Version {each.version}</span>
                <span className="text-xs text-dim">{each.labels.join(", ") || "no label"}</span>
                <span className="text-xs text-dim">{each.createdAt === null ? each.origin : <TimeAgo at={each.createdAt} />}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        {version ? <Version key={version.version} prompt={prompt} version={version} /> : null}
        <Used name={prompt.name} />
      </div>
    </div>
  )
}

function Version({ prompt, version }: { prompt: Prompt; version: PromptVersion }): React.JSX.Element {
  return (
    <section aria-label={`Version ${version.version}`} className="panel flex flex-col gap-3 px-4 py-3">
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <h2 className="heading">Version {version.version}</h2>
        {prompt.origin === "api" ? <LabelForm prompt={prompt} version={version.version} /> : null}
      </div>
      {version.messages.map(({ role, content }, index) => (
        <div key={index}>
          <h3 className="text-xs text-dim">{role}</h3>
          <pre className="mt-0.5 rounded-md bg-raised p-2.5 font-mono text-xs leading-5 break-words whitespace-pre-wrap">{content}</pre>
        </div>
      ))}
      <p className="text-xs text-dim">
        Variables: {version.variables.length === 0 ? "none" : version.variables.map((each) => `{{${each}}}`).join(", ")}
      </p>
      {Object.keys(version.parameters).length > 0 ? (
        <div className="font-mono text-xs">
          <h3 className="mb-0.5 font-sans text-dim">Parameters</h3>
          <JsonView value={version.parameters} />
        </div>
      ) : null}
    </section>
  )
}

function LabelForm({ prompt, version }: { prompt: Prompt; version: number }): React.JSX.Element {
  const [label, setLabel] = useState("production")
  const set = useSetLabel(prompt.name)
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    set.mutate({ label: label.trim(), version })
  }
  return (
    <form onSubmit={send} className="flex flex-wrap items-center gap-2">
      <input aria-label="Label" value={label} onChange={(event) => setLabel(event.target.value)} className="field w-36" />
      <button type="submit" className="button" disabled={set.isPending || label.trim() === "" || prompt.labels[label.trim()] === version}>
        Point it here
      </button>
      {set.error ? <span className="text-xs text-bad">{set.error.message}</span> : null}
    </form>
  )
}

function Used({ name }: { name: string }): React.JSX.Element {
  const runs = useRelatedRuns({ prompt: name }, true)
  const experiments = useExperiments()
  const chosenBy = (experiments.data ?? []).filter(({ prompts }) => prompts.includes(name))
  return (
    <section aria-label="Where it is used" className="flex flex-col gap-2">
      <div className="flex flex-wrap items-baseline gap-3">
        <h2 className="heading">Where it is used</h2>
        <Link to={`/runs?prompt=${encodeURIComponent(name)}`} className="text-sm text-accent hover:underline">
          All its runs
        </Link>
        {chosenBy.map((each) => (
          <Link key={each.name} to={`/experiments/${encodeURIComponent(each.name)}`} className="text-sm text-accent hover:underline">
            Experiment {each.name}
          </Link>
        ))}
      </div>
      {runs.data?.length === 0 ? <p className="text-sm text-dim">No run has used it yet.</p> : null}
      {runs.data && runs.data.length > 0 ? (
        <Table label="Newest runs" heads={["Run", "Status", "Model", { name: "Cost", isNumber: true }, "When"]}>
          {runs.data.map((run) => (
            <tr key={run.id} data-run={run.id}>
              <Cell>
                <Link to={`/runs/${encodeURIComponent(run.id)}`} className="text-accent hover:underline">
                  {run.title ?? run.name}
                </Link>
              </Cell>
              <Cell>
                <StatusText status={run.status} />
              </Cell>
              <Cell>{run.model ?? "–"}</Cell>
              <Cell isNumber>{formatCost(run.usage.costMicroUsd, run.usage.costKnown)}</Cell>
              <Cell>
                <TimeAgo at={run.createdAt} />
              </Cell>
            </tr>
          ))}
        </Table>
      ) : null}
    </section>
  )
}
