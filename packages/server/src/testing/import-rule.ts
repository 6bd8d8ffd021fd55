// The import rule as a function: which imports between folders of the server break it. Reads the syntax trees of all source files.
import { readFile, readdir } from "node:fs/promises"
import { dirname, join, relative, resolve, sep } from "node:path"
import { parseSync } from "oxc-parser"

/** A folder imports only folders with a smaller number, through their `index.ts`; never a sibling. */
export const levels: Readonly<Record<string, number>> = {
  cli: 9,
  app: 8,
  http: 7,
  agents: 6,
  batches: 6,
  inference: 5,
  context: 5,
  tools: 5,
  insight: 5,
  runs: 4,
  alerts: 4,
  security: 3,
  accounting: 3,
  telemetry: 2,
  store: 2,
  config: 1,
  core: 0,
}

/** Files at the top of `src` compose the public face and the entry point: above every folder. */
const topLevel = 10

/** The package's own description, for its version. */
const manifest = join("..", "package.json")

export interface ImportViolation {
  file: string
  imported: string
  why: string
}

/** Reads every `.ts` file beneath `root` and returns what breaks the rule with the number of imports that were looked at. */
export async function checkImports(root: string): Promise<{ violations: ImportViolation[]; importsRead: number }> {
  const violations: ImportViolation[] = []
  let importsRead = 0
  for (const file of await sourceFiles(root)) {
    for (const target of importsOf(file, await readFile(file, "utf8"))) {
      importsRead += 1
      const why = target.startsWith(".") ? breachOf(root, file, resolve(dirname(file), target)) : undefined
      if (why !== undefined) violations.push({ file: relative(root, file), imported: target, why })
    }
  }
  return { violations, importsRead }
}

async function sourceFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name))
}

function importsOf(file: string, text: string): string[] {
  const { module } = parseSync(file, text)
  const names = module.staticImports.map((each) => each.moduleRequest.value)
  for (const each of module.staticExports) for (const entry of each.entries) if (entry.moduleRequest) names.push(entry.moduleRequest.value)
  for (const each of module.dynamicImports) {
    const literal = /^["'](.*)["']$/.exec(text.slice(each.moduleRequest.start, each.moduleRequest.end))
    if (literal?.[1] !== undefined) names.push(literal[1])
  }
  return names
}

function breachOf(root: string, file: string, target: string): string | undefined {
  const from = folderOf(root, file)
  const to = folderOf(root, target)
  const isTest = /\.(test|suite|bench)\.tsx?$/.test(file)
  if (from === to || from === "testing" || relative(root, target) === manifest) return undefined
  if (to === "testing") return isTest ? undefined : "testing/ is for tests"
  if (isTest) return undefined
  const [fromLevel, toLevel] = [levelOf(from), levelOf(to)]
  if (fromLevel === undefined) return `the folder "${from}" has no level`
  if (toLevel === undefined) return `the folder "${to}" has no level`
  if (toLevel >= fromLevel) return `"${from}" (${fromLevel}) may import only folders below it; "${to}" is ${toLevel}`
  if (to !== "" && relative(join(root, to), target) !== "index.ts") return `"${to}" is imported past its index.ts`
  return undefined
}

function levelOf(folder: string): number | undefined {
  return folder === "" ? topLevel : levels[folder]
}

function folderOf(root: string, path: string): string {
  const parts = relative(root, path).split(sep)
  return parts.length > 1 ? (parts[0] ?? "") : ""
}
