// The rows of the event log: neighbours of one delta type fold into one row, a filter keeps the types that contain its text, each is told in a line.
import type { RunEvent } from "@perdure/client"
import { formatCount, formatTime } from "./format.ts"
import { field, listOf, numberOf, textOf } from "./json.ts"

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

const glimpseMax = 160

/** What tells this row from others of its type, in one line. */
export function glimpseOf({ events, count }: EventRow): string {
  const [first] = events
  if (count > 1)
    return events
      .slice(0, 80)
      .map((event) => textOf(field(event.data, "delta")) ?? "")
      .join("")
      .slice(0, glimpseMax)
  const data = first?.data
  const text = [...namesIn(data), ...countsIn(data)].join(" · ")
  return text === "" ? JSON.stringify(data).slice(0, glimpseMax) : text.slice(0, glimpseMax)
}

function namesIn(data: unknown): string[] {
  const turn = numberOf(field(data, "turn"))
  const waits = listOf(field(data, "waits")).flatMap((wait) => textOf(field(wait, "signal")) ?? [])
  const wakeAt = numberOf(field(data, "wakeAt"))
  const named = ["key", "tool", "name", "model", "deployment", "delta", "status", "code", "message", "reason", "rule"]
  const nested = [textOf(field(data, "item", "type")), textOf(field(data, "end", "status")), textOf(field(data, "request", "target"))]
  return [
    ...(turn === undefined ? [] : [`turn ${turn}`]),
    ...named.flatMap((name) => textOf(field(data, name)) ?? []),
    ...nested.filter((text) => text !== undefined),
    ...(waits.length === 0 ? [] : [`waits for ${waits.join(", ")}`]),
    ...(wakeAt === undefined ? [] : [`wakes ${formatTime(wakeAt)}`]),
  ]
}

function countsIn(data: unknown): string[] {
  const [input, output] = [numberOf(field(data, "inputTokens")), numberOf(field(data, "outputTokens"))]
  return input === undefined || output === undefined ? [] : [`${formatCount(input)} → ${formatCount(output)} tokens`]
}
