// What is known of one thing: names and values, without those that have none.
import { Link } from "wouter"
import { Id } from "./small.tsx"

export type Facts = readonly (readonly [string, React.ReactNode])[]

export function FactList({ rows }: { rows: Facts }): React.JSX.Element {
  return (
    <dl className="panel grid h-fit grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1.5 px-4 py-3 text-sm">
      {rows.map(([name, value]) =>
        value === null || value === "" ? null : (
          <div key={name} className="contents">
            <dt className="text-dim">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

export function RunLink({ id }: { id: string }): React.JSX.Element {
  return (
    <Link to={`/runs/${encodeURIComponent(id)}`} className="text-accent hover:underline">
      <Id id={id} />
    </Link>
  )
}
