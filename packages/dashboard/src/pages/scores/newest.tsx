// The newest scores in rows, and more on demand.
import type { Feedback } from "@perdure/client"
import { Link } from "wouter"
import type { useScores } from "../../data/shaping.ts"
import { shortId } from "../../lib/format.ts"
import { Failure, Loading, TimeAgo } from "../../parts/small.tsx"
import { Cell, Table } from "../../parts/table.tsx"

export function NewestScores({ scores }: { scores: ReturnType<typeof useScores> }): React.JSX.Element {
  if (scores.error) return <Failure error={scores.error} />
  if (!scores.data) return <Loading />
  if (scores.data.length === 0) return <p className="text-sm text-dim">No score fits.</p>
  return (
    <>
      <Table label="Newest scores" heads={["Score", "Value", "Comment", "Run", "Experiment", "When"]}>
        {scores.data.map((score) => (
          <ScoreRow key={score.id} score={score} />
        ))}
      </Table>
      {scores.hasNextPage ? (
        <div>
          <button type="button" className="button" disabled={scores.isFetchingNextPage} onClick={() => void scores.fetchNextPage()}>
            Show more
          </button>
        </div>
      ) : null}
    </>
  )
}

function ScoreRow({ score }: { score: Feedback }): React.JSX.Element {
  const { id, runId, name, value, comment, experiment, updatedAt } = score
  return (
    <tr data-score={id}>
      <Cell>{name}</Cell>
      <Cell>
        <span className={typeof value === "boolean" ? (value ? "text-good" : "text-bad") : ""}>{String(value)}</span>
      </Cell>
      <Cell>
        <span className="break-words">{comment ?? ""}</span>
      </Cell>
      <Cell>
        <Link to={`/runs/${encodeURIComponent(runId)}`} className="font-mono text-xs text-accent hover:underline">
          {shortId(runId)}
        </Link>
      </Cell>
      <Cell>
        {experiment === null ? (
          ""
        ) : (
          <Link to={`/experiments/${encodeURIComponent(experiment.name)}`} className="text-accent hover:underline">
            {experiment.name}={experiment.variant}
          </Link>
        )}
      </Cell>
      <Cell>
        <TimeAgo at={updatedAt} />
      </Cell>
    </tr>
  )
}
