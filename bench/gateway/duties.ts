// The duties of a light run as rows of the table: what each costs alone, beside `JSON.parse` of the 1 KB request in the same process.
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { onTargetCore } from "./processes.ts"
import type { DutyLine } from "./report.ts"

/** How many times the yardstick each may cost: about twice what it does, so that a regression shows and noise does not. */
const duties = [
  { name: "auth", label: "auth: the key's hash and its principal", atMost: 0.6 },
  { name: "reserve", label: "reserve and settle six limits", atMost: 0.5 },
  { name: "plan", label: "plan: choose a deployment, note how it fared", atMost: 0.4 },
  { name: "scan1", label: "scan 1 KB", atMost: 2.5 },
  { name: "scan20", label: "scan 20 KB", atMost: 15 },
  { name: "scan200", label: "scan 200 KB", atMost: 110 },
  { name: "splice1", label: "splice 1 KB", atMost: 0.7 },
  { name: "splice20", label: "splice 20 KB", atMost: 2 },
  { name: "splice200", label: "splice 200 KB", atMost: 0.8 },
  { name: "usage", label: "usage of a 1 KB answer", atMost: 0.5 },
  { name: "frame", label: "one streamed frame looked at", atMost: 0.5 },
  { name: "metrics", label: "metrics of a call", atMost: 0.4 },
  { name: "record", label: "record, written to the database's thread", atMost: 30 },
] as const

export async function measureDuties(): Promise<DutyLine[]> {
  const script = join(import.meta.dirname, "duties-child.ts")
  const { stdout } = await promisify(execFile)(...onTargetCore(process.execPath, [script]), { timeout: 180_000 })
  const prices = JSON.parse(stdout) as Record<"yardstick" | (typeof duties)[number]["name"], number>
  const { yardstick } = prices
  return duties.map(({ name, label, atMost }) => {
    const isMissed = prices[name] / yardstick > atMost
    const goal = `≤ ${atMost} × parsing 1 KB (${yardstick.toFixed(1)} µs)`
    const what = `${label}, µs`
    return { cells: [what, "", "", prices[name].toFixed(2), "", "", goal, isMissed ? "**missed**" : "ok"], isMissed }
  })
}
