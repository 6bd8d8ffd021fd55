// Which process a file belongs to, and whether that one is dead for certain.
import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import { z } from "zod"

export const processIdentitySchema = z.object({
  pid: z.number().int(),
  /** Ticks after boot at which the process started; null where the system doesn't say. */
  startTime: z.string().nullable(),
  bootId: z.string().nullable(),
  host: z.string(),
})

export type ProcessIdentity = z.infer<typeof processIdentitySchema>

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, startTime: startTimeOf(process.pid), bootId: bootId(), host: hostname() }
}

/** Dead for certain: another boot of this host, no such process, or another process under the same number. Doubt means alive. */
export function isDead(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname()) return false
  const boot = bootId()
  if (identity.bootId !== null && boot !== null && identity.bootId !== boot) return true
  if (!processExists(identity.pid)) return true
  const startTime = startTimeOf(identity.pid)
  return startTime !== null && identity.startTime !== null && startTime !== identity.startTime
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error) || (error as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

/** Field 22 of /proc/pid/stat; the name in field 2 may hold spaces and parentheses. */
function startTimeOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null
  } catch {
    return null
  }
}

function bootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  } catch {
    return null
  }
}
