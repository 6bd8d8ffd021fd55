// What the kernel knows (Linux /proc): CPU seconds and resident memory of one process with its threads.
import { readFileSync } from "node:fs"

const ticksPerSecond = 100

export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8")
  // After the command's name: state, parent, …; the 12th and 13th are user and system ticks.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
}
