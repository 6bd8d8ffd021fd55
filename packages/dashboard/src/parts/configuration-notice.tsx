// What became of a changed configuration file: refused, or waiting for a restart; nothing where all of it is in force.
import type { Deployments } from "@perdure/client"
import { TimeAgo } from "./small.tsx"

export function ConfigurationNotice({ configuration }: Pick<Deployments, "configuration">): React.JSX.Element | null {
  const { refused, needsRestart, loadedAt } = configuration
  if (refused) {
    return (
      <p role="status" className="rounded-md border border-line bg-bad-soft px-3 py-2 text-sm text-bad">
        The configuration file was changed <TimeAgo at={refused.at} /> and has {refused.problems}{" "}
        {refused.problems === 1 ? "problem" : "problems"}: what was loaded <TimeAgo at={loadedAt} /> stays in force.{" "}
        <code className="font-mono text-xs text-ink">perdure config check</code> names them.
      </p>
    )
  }
  if (needsRestart.length === 0) return null
  return (
    <p role="status" className="rounded-md border border-line bg-warn-soft px-3 py-2 text-sm text-warn">
      In force after a restart: <span className="font-mono text-xs text-ink">{needsRestart.join(", ")}</span>
    </p>
  )
}
