// What the kernel knows (Linux /proc) of processes and of the machine, and the bench's place before others on it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { setPriority } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"

const ticksPerSecond = 100

/** User and system time of all these processes with their threads; one that has ended counts no more. */
export function cpuSeconds(pids: readonly number[]): number {
  // After the command's name: state, parent, …; the 12th and 13th are user and system ticks.
  return sum(pids, (pid) => (Number(statOf(pid)[11]) + Number(statOf(pid)[12])) / ticksPerSecond)
}

export function residentMb(pids: readonly number[]): number {
  return sum(pids, (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024)
}

/** A process and all that it started. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue
    const parent = unlessEnded(() => Number(statOf(Number(name))[1]))
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/** CPU seconds since boot of everybody, the hypervisor's taking included. */
export function busySeconds(): number {
  const [user, nice, system, , , hardware, software, stolen] = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return [user, nice, system, hardware, software, stolen].reduce<number>((total, ticks) => total + (ticks ?? 0), 0) / ticksPerSecond
}

/** Until others leave most of the machine alone, for so long at most. */
export async function untilQuiet(waitSecondsMax: number): Promise<void> {
  for (const end = performance.now() + waitSecondsMax * 1_000; performance.now() < end;) {
    const before = busySeconds()
    await delay(500)
    if (busySeconds() - before < 0.1) return
  }
}

/** Before others on the machine, by priority and by scheduler group; all processes of the bench inherit it. Only root may. */
export function preferOurs(): void {
  try {
    setPriority(-15)
    writeFileSync("/proc/self/autogroup", "-15")
  } catch {
    console.error("not root, or no scheduler groups: others on the machine will disturb the figures")
  }
}

/** Why the bench cannot run here. */
export function whatIsMissing(): string | undefined {
  if (process.platform !== "linux") return "it reads /proc, so it needs Linux"
  const missing = ["gcc", "taskset"].filter((name) => !(process.env["PATH"] ?? "").split(":").some((path) => existsSync(join(path, name))))
  return missing.length > 0 ? `${missing.join(" and ")} not found` : undefined
}

/** After the name in brackets, which may hold spaces. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8")
  return text.slice(text.lastIndexOf(")") + 2).split(" ")
}

function sum(pids: readonly number[], read: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + unlessEnded(() => read(pid)), 0)
}

function unlessEnded(read: () => number): number {
  try {
    return read()
  } catch {
    return 0
  }
}
