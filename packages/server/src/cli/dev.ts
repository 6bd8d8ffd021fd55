// `perdure dev`: `start` with friendly output in a child process that is started again when a source changes, or what its configuration cannot follow.
import { spawn, type ChildProcess } from "node:child_process"
import { basename, dirname } from "node:path"
import { findConfig } from "../config/index.ts"
import { exitCodes } from "./exit-codes.ts"
import type { ConfigOptions } from "./options.ts"
import { stopSignal } from "./stop-signal.ts"
import type { Terminal } from "./terminal.ts"
import { watchSources } from "./watch.ts"

export interface DevOptions extends ConfigOptions {
  /** The entry file of the command line, to start the child with. */
  entry: string
}

/** A child that does not stop by itself within this time after SIGTERM is ended. */
const stopTimeoutMs = 15_000

export async function dev(options: DevOptions, terminal: Terminal): Promise<number> {
  const server = new DevServer(options, terminal)
  const configPath = findConfig(process.cwd(), options.config)
  const stopWatching = watchSources(
    { entry: options.entry, ...(configPath === null ? { configDirectory: process.cwd() } : placeOf(configPath)) },
    (file) => server.changed(file),
  )
  const stopping = stopSignal(() => process.exit(exitCodes.failed), true)
  server.begin()
  await stopping
  stopWatching()
  return server.stop()
}

function placeOf(configPath: string): { configDirectory: string; configName: string } {
  return { configDirectory: dirname(configPath), configName: basename(configPath) }
}

/** idle → running → (stopping → running)* → stopped; a child that ends by itself leaves `idle`, waiting for a change. */
class DevServer {
  readonly #options: DevOptions
  readonly #terminal: Terminal
  #child: ChildProcess | undefined
  #restarting: Promise<void> | undefined
  #wasReady = false
  #isReady = false
  #isStopped = false
  /** Whether the running server began with a configuration file: one that did not does not look for one either. */
  #hasConfig = false
  /** The port of the latest start, so that a free one that was chosen stays while any is asked for. */
  #chosenPort: number | undefined

  constructor(options: DevOptions, terminal: Terminal) {
    this.#options = options
    this.#terminal = terminal
  }

  begin(): void {
    const { config, data, host, port, entry } = this.#options
    this.#hasConfig = isConfigThere(config)
    const flags = Object.entries({ config, data, host, port, "chosen-port": this.#chosenPort }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    )
    const print = this.#wasReady ? "restarted" : "welcome"
    const child = spawn(process.execPath, [entry, "start", "--dev", "--print", print, ...flags], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    })
    this.#child = child
    child.on("message", (message) => {
      if (typeof message !== "object") return
      if ("needsRestart" in message) this.restart("the configuration")
      if (!("port" in message)) return
      this.#wasReady = true
      this.#isReady = true
      this.#chosenPort = Number(message.port)
    })
    child.once("exit", (code) => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#isReady = false
      if (!this.#isStopped && this.#restarting === undefined && code !== 0)
        this.#terminal.note("waiting for a change before starting again (Ctrl-C ends)")
    })
  }

  /** A server that runs follows the configuration that it began with by itself, and says when it cannot. */
  changed(file: string): void {
    if (!this.#isReady || !this.#hasConfig || !/\.ya?ml$/.test(file)) this.restart(file)
  }

  /** Changes that come while a restart is under way belong to it. */
  restart(file: string): void {
    if (this.#isStopped || this.#restarting !== undefined) return
    this.#terminal.note(`${file} changed: starting again`)
    this.#restarting = this.#endThenBegin()
  }

  async #endThenBegin(): Promise<void> {
    await endChild(this.#child)
    this.#restarting = undefined
    if (!this.#isStopped) this.begin()
  }

  async stop(): Promise<number> {
    this.#isStopped = true
    await this.#restarting
    await endChild(this.#child)
    return exitCodes.ok
  }
}

function isConfigThere(named: string | undefined): boolean {
  try {
    return findConfig(process.cwd(), named) !== null
  } catch {
    return false // the start says what is wrong with it
  }
}

function endChild(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs)
    child.once("exit", () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill("SIGTERM")
  })
}
