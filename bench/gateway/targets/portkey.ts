// Installs Portkey's gateway from npm into a folder outside the repository, and starts it.
import { spawn, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { processTree } from "../machine.ts"
import { freePort, pinToTargetCore, stop, untilAnswering } from "../processes.ts"
import type { Target } from "./target.ts"

/** As a lock file says it: as published, its ranges resolve to versions with which every streaming call fails (Portkey-AI/gateway#1389). */
const lockedAt = join(import.meta.dirname, "portkey")

/** Why it is not there, or undefined. */
export function installPortkey(lab: string): string | undefined {
  if (existsSync(scriptIn(lab))) return undefined
  const folder = join(lab, "portkey")
  mkdirSync(folder, { recursive: true })
  cpSync(lockedAt, folder, { recursive: true })
  console.error(`installing Portkey's gateway in ${folder}`)
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, encoding: "utf8", timeout: 300_000 })
  if (existsSync(scriptIn(lab)) && npm.status === 0) return undefined
  return npm.error?.message ?? npm.stderr.trim().split("\n").slice(0, 2).join(" ")
}

export async function startPortkey(lab: string, providerPort: number): Promise<Target> {
  const port = await freePort()
  // It refuses upstreams on this machine unless they are trusted by name.
  const env = { PATH: process.env["PATH"] ?? "", NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1" }
  const child = spawn(process.execPath, [scriptIn(lab), `--port=${port}`, "--headless"], { stdio: "ignore", env })
  const pid = child.pid ?? 0
  pinToTargetCore(pid)
  await untilAnswering("Portkey", child, port)
  const headers = {
    authorization: "Bearer sk-bench",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${providerPort}/v1`,
  }
  return { port, pids: () => processTree(pid), headers, [Symbol.asyncDispose]: () => stop(child) }
}

function scriptIn(lab: string): string {
  return join(lab, "portkey", "node_modules", "@portkey-ai", "gateway", "build", "start-server.js")
}
