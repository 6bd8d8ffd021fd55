// Builds the packages as they are published: `dist/<package>` with JavaScript, declarations, assets and a rewritten package.json.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { tool } from "./spawn.mjs"

const packages = ["contract", "minilm", "server", "client"]

/** Exit code of the compiler; the layout of every package stays, so that paths relative to a module hold. */
export async function buildPackages(context) {
  const output = join(context.root, "dist")
  rmSync(output, { recursive: true, force: true })
  const code = await tool(context, ["typescript/tsc", "-p", "tsconfig.build.json"])
  if (code !== 0) return code
  for (const name of packages) {
    const from = join(context.root, "packages", name)
    const to = join(output, name)
    mkdirSync(to, { recursive: true })
    for (const folder of ["src", "assets", "bin", "model"]) copyAssets(join(from, folder), join(to, folder))
    for (const file of readdirSync(from)) if (/^(README|NOTICE|LICENSE)/.test(file)) cpSync(join(from, file), join(to, file))
    if (!existsSync(join(to, "LICENSE")) && existsSync(join(context.root, "LICENSE")))
      cpSync(join(context.root, "LICENSE"), join(to, "LICENSE"))
    rewriteModuleUrls(join(to, "src"))
    writeFileSync(join(to, "package.json"), `${JSON.stringify(published(join(from, "package.json")), null, 2)}\n`)
  }
  console.log(`Built ${packages.map((name) => `dist/${name}`).join(", ")}.`)
  return 0
}

/** All but TypeScript, which the compiler writes, and what is for tests. */
function copyAssets(from, to) {
  if (!existsSync(from)) return
  const filter = (path) => !/\.tsx?$/.test(path) && !path.split(/[/\\]/).includes("testing")
  cpSync(from, to, { recursive: true, filter })
}

/** The compiler renames imports; `new URL("./worker.ts", import.meta.url)` is ours to rename. */
function rewriteModuleUrls(directory) {
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) rewriteModuleUrls(path)
    else if (entry.name.endsWith(".js")) {
      const text = readFileSync(path, "utf8")
      const renamed = text.replaceAll(/(["'`])(\.{1,2}\/[\w./-]+)\.ts\1(?=\s*,\s*import\.meta)/g, "$1$2.js$1")
      if (renamed !== text) writeFileSync(path, renamed)
    }
  }
}

/** The same package.json with compiled entry points; nothing in it runs at install. */
function published(file) {
  const { private: _private, devDependencies: _dev, scripts: _scripts, ...description } = JSON.parse(readFileSync(file, "utf8"))
  const compiled = (value) => (typeof value === "string" ? value.replace(/\.ts$/, ".js") : value)
  const entries = Object.entries(description.exports ?? {}).map(([key, value]) => [
    key,
    typeof value === "string" && value.endsWith(".ts") ? { types: value.replace(/\.ts$/, ".d.ts"), default: compiled(value) } : value,
  ])
  return { ...description, exports: Object.fromEntries(entries) }
}
