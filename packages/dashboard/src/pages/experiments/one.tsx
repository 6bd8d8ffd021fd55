// One experiment: what is known of each variant, its weights over time, its scores, and why it is as it is.
import type { Experiment } from "@perdure/client"
import { useState } from "react"
import { Link } from "wouter"
import { useDecide, useExperiment } from "../../data/shaping.ts"
import { Failure, Loading, PageHead } from "../../parts/small.tsx"
import { Decide } from "./decide.tsx"
import { Log } from "./log.tsx"
import { Scores } from "./scores.tsx"
import { ExperimentStatus } from "./status.tsx"
import { Variants } from "./variants.tsx"
import { Weights } from "./weights.tsx"

export function ExperimentPage({ name }: { name: string }): React.JSX.Element {
  const experiment = useExperiment(name)
  return (
    <>
      <PageHead title={name}>
        <Link to="/experiments" className="text-sm text-accent hover:underline">
          All experiments
        </Link>
        {experiment.data ? <Actions experiment={experiment.data} /> : null}
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
          {experiment.error ? <Failure error={experiment.error} /> : null}
          {experiment.isPending ? <Loading /> : null}
          {experiment.data ? <Loaded experiment={experiment.data} /> : null}
        </div>
      </div>
    </>
  )
}

type Asked = "pause" | "resume" | "promote"

function Actions({ experiment }: { experiment: Experiment }): React.JSX.Element {
  const [asked, setAsked] = useState<Asked | null>(null)
  const decide = useDecide(experiment.name)
  const { status, winner } = experiment
  const close = (): void => {
    setAsked(null)
    decide.reset()
  }
  return (
    <>
      <ExperimentStatus status={status} winner={winner} />
      <Link to={`/runs?experiment=${encodeURIComponent(experiment.name)}`} className="text-sm text-accent hover:underline">
        Its runs
      </Link>
      <span className="ml-auto flex gap-2">
        <button type="button" className="button" onClick={() => setAsked(status === "running" ? "pause" : "resume")}>
          {status === "running" ? "Pause" : "Resume"}
        </button>
        <button type="button" className="button button-main" onClick={() => setAsked("promote")}>
          Promote
        </button>
      </span>
      {asked === null ? null : (
        <Decide
          what={asked}
          experiment={experiment}
          busy={decide.isPending}
          problem={decide.error}
          onSend={(decision) => decide.mutate(decision, { onSuccess: close })}
          onClose={close}
        />
      )}
    </>
  )
}

function Loaded({ experiment }: { experiment: Experiment }): React.JSX.Element {
  const { description, variants } = experiment
  const requests = variants.reduce((sum, each) => sum + each.requests, 0)
  return (
    <>
      {description === null ? null : <p className="text-sm text-dim">{description}</p>}
      <Variants variants={variants} requests={requests} />
      <div className="grid gap-4 xl:grid-cols-2">
        <Weights experiment={experiment} />
        <Scores variants={variants} />
      </div>
      <Log log={experiment.log} />
    </>
  )
}
