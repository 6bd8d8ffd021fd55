// Vitest's global set-up of whole-system tests: the dashboard as its sources are now, built once for all files.
import { spawnSync } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "..", "..")

export function setup(): void {
  // Tests run with another NODE_ENV, which would bundle React's development build.
  const env = { ...process.env, NODE_ENV: "production" }
  const command = [join(root, "scripts", "run.mjs"), "build", "dashboard"]
  const build = spawnSync(process.execPath, command, { cwd: root, env, encoding: "utf8" })
  if (build.status !== 0) throw new Error(`The dashboard does not build: ${build.stdout}${build.stderr}`)
}
