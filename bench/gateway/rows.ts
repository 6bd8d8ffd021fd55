// The rows of the table, and the goals: limits of Perdure's figure, alone or as a ratio to another target's in the same run.
import type { Figure } from "./scenarios.ts"
import type { TargetName } from "./targets/target.ts"

export interface Goal {
  /** The figure divided by that target's; absent: the figure itself. */
  to?: TargetName
  atMost?: number
  atLeast?: number
}

export interface Row {
  label: string
  scenario: string
  figure: Figure
  digits: number
  /** What the target adds to the provider's own. */
  added?: true
  goals: readonly Goal[]
}

export const rows: readonly Row[] = [
  row("requests/s, 1 KB", "json-1k", "perSecond", 0, { to: "Portkey", atLeast: 8 }),
  row("CPU µs/request, 1 KB", "json-1k", "cpuUsPerRequest", 0, { to: "bare proxy", atMost: 1.3 }, { to: "Portkey", atMost: 0.12 }),
  row("CPU µs/request, 1 KB, after a minute of load", "json-1k-warm", "cpuUsPerRequest", 0),
  row("CPU µs/request, 20 KB", "json-20k", "cpuUsPerRequest", 0, { to: "bare proxy", atMost: 1.5 }),
  row("CPU µs/request, 200 KB", "json-200k", "cpuUsPerRequest", 0, { to: "bare proxy", atMost: 2.5 }),
  row("CPU µs/request, embeddings", "embeddings", "cpuUsPerRequest", 0, { to: "bare proxy", atMost: 1.3 }),
  row("CPU µs/request, 200/s", "rate-200", "cpuUsPerRequest", 0),
  added("added p50 ms, 200/s", "rate-200", "p50"),
  added("added p99 ms, 200/s", "rate-200", "p99"),
  row("CPU µs/request, 1,000/s", "rate-1000", "cpuUsPerRequest", 0),
  added("added p50 ms, 1,000/s", "rate-1000", "p50", { to: "bare proxy", atMost: 2 }),
  added("added p99 ms, 1,000/s", "rate-1000", "p99", { to: "bare proxy", atMost: 2 }),
  row("CPU µs/chunk, 100 streams", "streams-100", "cpuUsPerChunk", 1, { to: "bare proxy", atMost: 1.25 }, { to: "Portkey", atMost: 0.45 }),
  added("added first token p50 ms, 100 streams", "streams-100", "firstP50", { to: "bare proxy", atMost: 2 }),
  row("most chunks/s, 1,000 streams", "streams-max", "chunksPerSecond", 0, { to: "bare proxy", atLeast: 0.8 }),
  row("chunks/s within 50 ms, 2,000 streams", "streams-2000", "chunksInTimePerSecond", 0, { to: "direct", atLeast: 0.99 }),
  row("chunk p99 ms, 2,000 streams", "streams-2000", "chunkP99", 1, { atMost: 15 }),
  row("resident MB, 2,000 streams", "streams-2000", "residentMb", 0, { atMost: 450 }),
  row("grown MB, 200 slow readers", "slow", "grownMb", 0, { to: "bare proxy", atMost: 2 }),
  row("leavers noticed of 50, mid-stream", "leave", "leftMidStream", 0, { atLeast: 50 }),
  row("leavers noticed of 50, before the first token", "leave", "leftBeforeFirst", 0, { atLeast: 50 }),
  row("leavers noticed of 50, JSON pending", "leave", "leftPending", 0, { atLeast: 50 }),
]

function row(label: string, scenario: string, figure: Figure, digits: number, ...goals: readonly Goal[]): Row {
  return { label, scenario, figure, digits, goals }
}

function added(label: string, scenario: string, figure: Figure, ...goals: readonly Goal[]): Row {
  return { label, scenario, figure, digits: 2, added: true, goals }
}
