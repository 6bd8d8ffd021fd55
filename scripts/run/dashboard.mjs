// Builds the dashboard when its assets are missing or older than its sources.
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { tool } from "./spawn.mjs"

/** Exit code: 0 when the assets are there and current, or when this checkout has no dashboard. */
export async function ensureDashboard(context) {
  const sources = join(context.root, "packages", "dashboard")
  if (!existsSync(join(sources, "index.html"))) return 0
  const builtAt = modifiedAt(join(context.root, "packages", "server", "assets", "dashboard", "index.html"))
  const inputs = [sources, join(context.root, "packages", "client"), join(context.root, "packages", "contract")]
  if (builtAt > Math.max(...inputs.map(newestIn))) return 0
  console.log(`Building the dashboard (${builtAt === 0 ? "no assets yet" : "its sources changed"}).`)
  return buildDashboard(context)
}

export function buildDashboard(context) {
  return tool(context, ["vite", "build", "--logLevel", "warn"], join(context.root, "packages", "dashboard"))
}

function newestIn(directory) {
  if (!existsSync(directory)) return 0
  const times = readdirSync(directory, { withFileTypes: true }).map((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist" || /\.test\.tsx?$/.test(entry.name)) return 0
    const path = join(directory, entry.name)
    return entry.isDirectory() ? newestIn(path) : modifiedAt(path)
  })
  return Math.max(0, ...times)
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}
