// Starts the yardstick, bare-proxy.mjs.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { pinToTargetCore, stop } from "../processes.ts"
import type { Target } from "./target.ts"

export async function startBareProxy(providerPort: number): Promise<Target> {
  const env = { PATH: process.env["PATH"] ?? "", UPSTREAM: `http://127.0.0.1:${providerPort}`, NODE_ENV: "production" }
  const script = join(import.meta.dirname, "bare-proxy.mjs")
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"], env })
  const [line] = (await once(child.stdout, "data")) as [Buffer]
  const pid = child.pid ?? 0
  pinToTargetCore(pid)
  const { port } = JSON.parse(line.toString()) as { port: number }
  return { port, pids: () => [pid], headers: {}, [Symbol.asyncDispose]: () => stop(child) }
}
