// Builds the packages as they are published, with the dashboard that is there, and lays them beside each other as npm would.
import { spawnSync } from "node:child_process"
import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..", "..")

/** What `perdure` starts once it is installed; there after `buildPublished`. */
export const publishedProgram = join(root, "dist", "server", "bin", "perdure.mjs")

/** Dependencies are found in the repository's own node_modules. Throws when it does not build. */
export function buildPublished(): void {
  const build = spawnSync(process.execPath, [join(root, "scripts", "run.mjs"), "build", "packages"], { cwd: root, encoding: "utf8" })
  if (build.status !== 0) throw new Error(`Perdure does not build: ${build.stdout}${build.stderr}`)
  const scope = join(root, "dist", "node_modules", "@perdure")
  mkdirSync(scope, { recursive: true })
  for (const name of ["contract", "minilm"]) symlinkSync(join(root, "dist", name), join(scope, name))
}
