// The rows of the event log: neighbours of one delta type fold into one row, and a filter keeps the types that contain its text.
import type { RunEvent } from "@perdure/client"

export interface EventRow {
  first: RunEvent
  last: RunEvent
  count: number
  events: readonly RunEvent[]
}

export function eventRows(events: readonly RunEvent[], filter: string, folded: boolean): EventRow[] {
  const wanted = filter.trim().toLowerCase()
  const rows: { first: RunEvent; last: RunEvent; count: number; events: RunEvent[] }[] = []
  for (const event of events) {
    if (wanted !== "" && !event.type.toLowerCase().includes(wanted)) continue
    const row = rows.at(-1)
    if (folded && row && row.last.type === event.type && event.type.endsWith(".delta")) {
      row.last = event
      row.count++
      row.events.push(event)
    } else rows.push({ first: event, last: event, count: 1, events: [event] })
  }
  return rows
}
