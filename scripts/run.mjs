// Runs one task of the repository on the project's own Node, after installing what is missing. No dependencies; works from Node 18 on.
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureInstalled } from "./run/install.mjs"
import { projectNode } from "./run/node.mjs"
import { taskNames, tasks } from "./run/tasks.mjs"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const [name = "", ...given] = process.argv.slice(2)
const task = tasks[name]

if (task === undefined) {
  console.error(`There is no task "${name}". Tasks: ${taskNames.join(", ")}.`)
  process.exitCode = 2
} else {
  try {
    await ensureInstalled(root)
    const args = given[0] === "--" ? given.slice(1) : given
    process.exitCode = await task({ root, node: projectNode(root), args })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
