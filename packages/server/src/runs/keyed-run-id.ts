// Run ids that follow from a client's idempotency key.
import { createHash } from "node:crypto"

const keyWindowMs = 5 * 60_000

/**
 * One id for this window of time and one for the window before: look the second up, start with the first. They keep the shape
 * of time-ordered ids, need no table, and are the same on every replica and after a restart. `key` names project, principal and key.
 */
export function keyedRunIds(nowMs: number, key: string): [current: string, previous: string] {
  const window = Math.floor(nowMs / keyWindowMs) * keyWindowMs
  return [idOf(window, key), idOf(window - keyWindowMs, key)]
}

function idOf(windowStart: number, key: string): string {
  const hash = createHash("sha256").update(`${windowStart} ${key}`).digest("hex")
  return `run_${windowStart.toString(16).padStart(12, "0")}7${hash.slice(0, 3)}8${hash.slice(3, 18)}`
}
