// Runs a command to its end: its output in this terminal or handed out, its signals, its exit code.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { constants } from "node:os"
import { delimiter, join } from "node:path"

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"]

/** Resolves with the exit code; a command ended by a signal gives 128 + its number, as shells do. `onOutput` takes what it writes. */
export function runToEnd([command, ...args], { cwd, env = process.env, onOutput }) {
  const stdio = onOutput === undefined ? "inherit" : ["inherit", "pipe", "pipe"]
  const child = spawn(command, args, { cwd, env, stdio, shell: command.endsWith(".cmd") })
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onOutput)
  const listeners = forwarded.map((signal) => {
    // Ctrl-C in a terminal reaches the child by itself: a second one would mean "stop at once".
    const listener = () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal))
    process.on(signal, listener)
    return [signal, listener]
  })
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`${command} could not be started: ${error.message}`)))
    // Not "exit": what it wrote may still be on its way.
    child.once("close", (code, signal) => {
      for (const [name, listener] of listeners) process.off(name, listener)
      resolve(code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 15))
    })
  })
}

/** The environment in which `node` and every tool are those of the project. */
export function projectEnvironment(root) {
  const path = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH"
  const own = [join(root, "node_modules", "node", "bin"), join(root, "node_modules", ".bin")]
  return { ...process.env, [path]: [...own, process.env[path] ?? ""].join(delimiter) }
}

/** Runs a tool's own entry file on the project's Node: `knip`, or `package/bin` where the two names differ. */
export function tool({ root, node }, [name, ...args], cwd = root, onOutput) {
  const [packageName, binName = name] = name.split("/")
  const directory = join(root, "node_modules", packageName)
  const { bin } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))
  const entry = typeof bin === "string" ? bin : bin[binName]
  return runToEnd([node, join(directory, entry), ...args], { cwd, env: projectEnvironment(root), onOutput })
}
