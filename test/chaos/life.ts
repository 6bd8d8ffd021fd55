// One life of a child: spawned, told what to do, killed.
import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { ChildSettings, Command, Report } from "./protocol.ts"

type Look = Extract<Report, { type: "look" }>

export class Life {
  readonly #child: ChildProcess
  readonly #onReport: (report: Report) => void
  #looking: ((look: Look | undefined) => void) | undefined
  readonly exited: Promise<unknown>
  readonly ready: Promise<void>
  alive = true
  /** Runs that it reads. */
  readonly followed = new Set<string>()

  constructor(settings: ChildSettings, onReport: (report: Report) => void) {
    this.#onReport = onReport
    this.#child = fork(join(import.meta.dirname, "child.ts"), [JSON.stringify(settings)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    })
    this.exited = once(this.#child, "exit").then(() => {
      this.alive = false
      this.#looking?.(undefined)
    })
    this.ready = new Promise((resolve, reject) => {
      this.#child.on("message", (report: Report) => {
        if (report.type === "ready") resolve()
        else if (report.type === "look") this.#looking?.(report)
        else this.#onReport(report)
      })
      void this.exited.then(() => reject(new Error("the child ended before it was ready")))
    })
    this.ready.catch(() => undefined)
  }

  /** Lets the process, loaded and on standby since it was made, open the database. */
  open(): Promise<void> {
    this.tell({ type: "open" })
    return this.ready
  }

  tell(command: Command): void {
    if (this.alive && this.#child.connected) this.#child.send(command, () => undefined)
  }

  /** Status and log of these runs and their children, as this process reads them; undefined when it died over it. */
  async look(runIds: readonly string[]): Promise<Look | undefined> {
    const answer = new Promise<Look | undefined>((resolve) => (this.#looking = resolve))
    this.tell({ type: "look", runIds: [...runIds] })
    return answer
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.exited
    // What it had sent to the witness is still on the way.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
