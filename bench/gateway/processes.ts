// Processes of the bench: compiled, pinned to a core, waited for, stopped.
import { execFileSync, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { get } from "node:http"
import { createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"

/** The target alone; mock provider and load client on the other. */
const targetCore = "0"
const loadCore = "1"

/** Only root may: what waits for its turn behind others on the machine would measure them. */
const realTime = spawnSync("chrt", ["-f", "10", "true"], { stdio: "ignore" }).status === 0

/** How a command is started on the load's core, before everybody else there. */
export function onLoadCore(command: string, args: readonly string[]): [command: string, args: string[]] {
  const pinned = ["-c", loadCore, command, ...args]
  return realTime ? ["chrt", ["-f", "10", "taskset", ...pinned]] : ["taskset", pinned]
}

export function onTargetCore(command: string, args: readonly string[]): [command: string, args: string[]] {
  return ["taskset", ["-c", targetCore, command, ...args]]
}

export function compile(name: string, directory: string): string {
  const binary = join(directory, name)
  execFileSync("gcc", ["-O2", "-w", "-o", binary, join(import.meta.dirname, `${name}.c`), "-lm"], { stdio: "inherit" })
  return binary
}

/** All threads of the process, and those that it will start. */
export function pinToTargetCore(pid: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", targetCore, String(pid)], { stdio: "ignore" })
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000)
  await exited
  clearTimeout(timer)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number } // listening on TCP
  server.close()
  await once(server, "close")
  return port
}

/** Until something answers there, whatever it says. */
export async function untilAnswering(name: string, child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; !(await isAnswering(port)); tries += 1) {
    if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}`)
    if (tries > 200) throw new Error(`${name} does not answer`)
    await delay(100)
  }
}

function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, agent: false, timeout: 1_000 }, (response) => {
      response.resume()
      resolve(true)
    })
    request.on("timeout", () => request.destroy())
    request.on("error", () => resolve(false))
  })
}
