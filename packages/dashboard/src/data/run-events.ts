// The events of one run, from its first to its last, live: collected outside React and shown a few times a second.
import type { RunEvent } from "@perdure/client"
import { PerdureError } from "@perdure/client"
import { useEffect, useState } from "react"
import { client } from "./client.ts"

export type StreamState = "opening" | "live" | "reconnecting" | "ended" | "refused"

export interface RunEventsView {
  events: readonly RunEvent[]
  state: StreamState
}

/** More would make the page slow; the rest is in the API. */
export const eventsShownMax = 50_000
const showEveryMs = 120

export function useRunEvents(runId: string): RunEventsView {
  const [view, setView] = useState<RunEventsView>({ events: [], state: "opening" })
  useEffect(() => {
    const stop = new AbortController()
    const collected: RunEvent[] = []
    let state: StreamState = "opening"
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        setView({ events: collected.slice(), state })
      }, showEveryMs)
    }
    const become = (next: StreamState): void => {
      state = next
      if (!stop.signal.aborted) show()
    }
    const follow = async (): Promise<void> => {
      for await (const event of client.runs.stream(runId, { signal: stop.signal, onState: become })) {
        collected.push(event)
        show()
        if (collected.length >= eventsShownMax) break
      }
      become("ended")
    }
    follow().catch((error: unknown) => become(error instanceof PerdureError ? "refused" : "reconnecting"))
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [runId])
  return view
}
