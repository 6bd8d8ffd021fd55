// What is wrong with the server, above every page; nothing where all is well.
import { useHealth } from "../data/health.ts"

/** The configuration has its own notice; search by words alone may be meant so. */
const toldElsewhere: readonly string[] = ["configuration", "vector"]

export function HealthNotice(): React.JSX.Element | null {
  const { data } = useHealth()
  const wrong = Object.entries(data?.checks ?? {}).filter(([name, { ok }]) => !ok && !toldElsewhere.includes(name))
  if (wrong.length === 0) return null
  const look = data?.status === "failing" ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn"
  return (
    <p role="status" className={`border-b border-line px-4 py-2 text-sm ${look}`}>
      {wrong.map(([name, { detail }]) => (
        <span key={name} className="mr-4">
          <span className="font-mono text-xs text-ink">{name}</span> {detail}
        </span>
      ))}
    </p>
  )
}
