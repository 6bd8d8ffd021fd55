// Installs the dependencies when they are missing or not those of the lockfile, with progress.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { runToEnd } from "./spawn.mjs"

/** Runs `npm ci` when needed. Throws when it fails. */
export async function ensureInstalled(root) {
  const reason = whyStale(root)
  if (reason === undefined) return
  console.log(`Installing dependencies (${reason}). The first time this takes a minute or two.`)
  const startedAt = Date.now()
  const elapsed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`
  const timer = setInterval(() => console.log(`… still installing, ${elapsed()}`), 15_000)
  try {
    const code = await runToEnd(npmCommand(), { cwd: root, env: installEnvironment() })
    if (code !== 0) throw new Error(`npm ci failed with code ${code}.\nNext: npm ci   (to see its own words)`)
  } finally {
    clearInterval(timer)
  }
  const remaining = whyStale(root)
  if (remaining !== undefined) throw new Error(`npm ci ended well, yet ${remaining}.\nNext: rm -rf node_modules && npm ci`)
  console.log(`Installed in ${elapsed()}.\n`)
}

/**
 * Why the installed packages are not those of the lockfile, or undefined when they are. npm writes the list of what it
 * installed last of all, so an install that was cut short counts as missing.
 */
export function whyStale(root) {
  const wanted = packagesOf(join(root, "package-lock.json"))
  if (wanted === undefined) throw new Error("package-lock.json is missing or not JSON.\nNext: git checkout package-lock.json")
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json"))
  if (installed === undefined) return "node_modules is missing"
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith("node_modules/")) continue
    const found = installed[path]
    if (found === undefined) {
      if (isOptional(entry)) continue
      return `${nameOf(path)} is missing`
    }
    if (found.version !== entry.version) return `${nameOf(path)} changed`
    if (found.integrity !== undefined && entry.integrity !== undefined && found.integrity !== entry.integrity)
      return `${nameOf(path)} changed`
  }
  return undefined
}

function packagesOf(file) {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages
  } catch {
    return undefined
  }
}

function isOptional(entry) {
  return entry.optional === true || entry.devOptional === true || entry.peer === true
}

function nameOf(path) {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)
}

/** The npm that runs this script where npm does, else the one in the path. */
function npmCommand() {
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
  const cli = process.env.npm_execpath
  if (cli !== undefined && /\.[cm]?js$/.test(cli)) return [process.execPath, cli, ...args]
  return process.platform === "win32" ? ["npm.cmd", ...args] : ["npm", ...args]
}

/** onnxruntime-node would fetch GPU libraries of several hundred megabytes; its package already has all that is used. */
function installEnvironment() {
  return { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", ONNXRUNTIME_NODE_INSTALL_CUDA: "skip" }
}
