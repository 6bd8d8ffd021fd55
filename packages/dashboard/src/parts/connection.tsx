// Says over every page that the server does not answer any more, since when, and asks again until it does.
import { PerdureError } from "@perdure/client"
import { useQueryClient } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import { formatTime } from "../lib/format.ts"

const againMs = 3_000

export function ConnectionNotice(): React.JSX.Element {
  const queries = useQueryClient()
  const [lostAt, setLostAt] = useState<number | null>(null)
  useEffect(
    () =>
      queries.getQueryCache().subscribe((event) => {
        if (event.type !== "updated") return
        const { action } = event
        if (action.type === "success") setLostAt(null)
        else if ((action.type === "error" || action.type === "failed") && isUnreachable(action.error))
          setLostAt((before) => before ?? Date.now())
      }),
    [queries],
  )
  useEffect(() => {
    if (lostAt === null) return undefined
    const timer = setInterval(() => void queries.refetchQueries({ type: "active" }), againMs)
    return () => clearInterval(timer)
  }, [lostAt, queries])
  return (
    <div role="status">
      {lostAt === null ? null : (
        <p className="border-b border-line bg-warn-soft px-4 py-2 text-sm text-warn md:px-6">
          The server has not answered since {formatTime(lostAt)}. What stands here is from before; it is asked again every few seconds.
        </p>
      )}
    </div>
  )
}

function isUnreachable(error: unknown): boolean {
  return error instanceof PerdureError && error.code === "unreachable"
}
