// CPU time of processes from /proc: one process, or a Postgres server with all its backends, those that ended included.
import { readdirSync, readFileSync } from "node:fs"

const ticksPerSecond = 100

interface Stat {
  parent: number
  ownMs: number
  reapedMs: number
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number)
    const [parent = 0, utime = 0, stime = 0, cutime = 0, cstime = 0] = [fields[1], fields[11], fields[12], fields[13], fields[14]]
    const ms = 1_000 / ticksPerSecond
    return { parent, ownMs: (utime + stime) * ms, reapedMs: (cutime + cstime) * ms }
  } catch {
    return undefined // it ended while we looked
  }
}

/** The postmaster, its live children, and its children that ended. */
export function serverCpuMs(postmaster: number): number {
  const root = statOf(postmaster)
  if (!root) throw new Error(`the Postgres server ${postmaster} is gone`)
  let sum = root.ownMs + root.reapedMs
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    if (stat?.parent === postmaster) sum += stat.ownMs + stat.reapedMs
  }
  return sum
}
