// One life of a child: started on standby, told what to do, and over when it died at its place or has nothing left to do.
import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ChildSettings, Report } from "./protocol.ts"

type Settled = Extract<Report, { type: "settled" }>

export class MemoryLife {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(join(import.meta.dirname, "memory-child.ts"), [], {
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "perdure-chaos-cache") },
      // Nothing lives long enough to be worth an optimised database.
      execArgv: ["--liftoff-only"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    })
  }

  /** Resolves when it is dead: undefined where it died at its place. */
  async live(settings: ChildSettings, onDone: (id: string) => void): Promise<Settled | undefined> {
    const exited = once(this.#child, "exit")
    let settled: Settled | undefined
    this.#child.on("message", (report: Report) => {
      if (report.type === "done") return onDone(report.id)
      settled = report
      this.#child.kill("SIGKILL")
    })
    this.#child.send(settings)
    const [code, signal] = (await exited) as [number | null, string | null]
    if (signal !== "SIGKILL") throw new Error(`a process ended by itself with ${code ?? signal}`)
    return settled
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, "exit")
    this.#child.kill("SIGKILL")
    await exited
  }
}
