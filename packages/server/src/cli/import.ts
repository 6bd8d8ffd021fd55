// `perdure import`: the configuration of another gateway as one of Perdure's, and what does not come along.
import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { Document, isPair, isScalar, visit } from "yaml"
import { AppError } from "../core/index.ts"
import { exitCodes } from "./exit-codes.ts"
import { readBifrost, translateBifrost } from "./bifrost/index.ts"
import { readPortkey, translatePortkey } from "./portkey/index.ts"
import { readLiteLlm, translateLiteLlm, type Report, type ReportEntry, type Translated } from "./litellm/index.ts"
import type { Terminal } from "./terminal.ts"

export interface ImportOptions {
  out?: string
  force?: boolean
  json?: boolean
  strict?: boolean
}

/** Paths of one line of the report; more are counted. */
const pathsShownMax = 4

const gateways = {
  litellm: {
    translated: (file: string) => translateLiteLlm(readLiteLlm(file)),
    wants: "the file that litellm --config is given",
    also: [
      "Scripts that call LiteLLM's admin API (/key/generate, /key/info and the like) go on as they are: give them this server's address, and a key",
      "of it in place of the master key. What of it works, and what is refused by name: docs/how-to/move-from-litellm.md",
    ],
  },
  bifrost: { translated: (file: string) => translateBifrost(readBifrost(file)), wants: "Bifrost's config.json", also: [] },
  portkey: {
    translated: (file: string) => translatePortkey(readPortkey(file), file),
    wants: "a config of Portkey in JSON, or several by their names",
    also: [],
  },
} as const

export type Gateway = keyof typeof gateways

export function importFrom(gateway: Gateway, file: string, options: ImportOptions, terminal: Terminal): Promise<number> {
  const { translated, wants, also } = gateways[gateway]
  const { config, report } = translated(resolve(file))
  if (Object.keys(config.models ?? {}).length === 0 && config.discovery !== true)
    throw new AppError("config_invalid", `${file} has no model that could be translated${reasons(report)}`, {
      hint: `perdure import ${gateway} <file> wants ${wants}`,
    })
  const text = textOf(config, gateway, file)
  if (options.out !== undefined) write(options.out, text, { gateway, force: options.force === true })
  if (options.json === true) terminal.print(JSON.stringify({ out: options.out ?? null, config, ...reportOf(report), also: also.join(" ") }))
  else show({ config, report }, text, { ...options, also }, terminal)
  const isComplete = report.entries.every(({ outcome }) => outcome === "not-needed")
  return Promise.resolve(options.strict === true && !isComplete ? exitCodes.incomplete : exitCodes.ok)
}

function textOf(config: Translated["config"], gateway: Gateway, file: string): string {
  const heading = `# Made by "perdure import ${gateway}" from ${JSON.stringify(file)}. Check it: perdure config check --config <this file>\n`
  const document = new Document(config, { aliasDuplicateObjects: false })
  // A map or list without others in it fits on a line.
  visit(document, {
    Collection: (_, node) =>
      void (node.flow = node.items.length <= 4 && node.items.every((item) => isScalar(isPair(item) ? item.value : item))),
  })
  return heading + document.toString({ lineWidth: 120 })
}

function write(out: string, text: string, { gateway, force }: { gateway: Gateway; force: boolean }): void {
  try {
    writeFileSync(resolve(out), text, { flag: force ? "w" : "wx" })
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST"
    if (!isThere) throw error
    throw new AppError("conflict", `${out} is there already and is left as it is`, {
      hint: `perdure import ${gateway} … --force writes over it`,
    })
  }
}

/** The configuration is the result; with --out it is in the file, and the report is the result. */
function show(
  { config, report }: Translated,
  text: string,
  { out, also }: ImportOptions & { also: readonly string[] },
  terminal: Terminal,
): void {
  if (out === undefined) terminal.print(text.trimEnd())
  const say = (line: string): void => (out === undefined ? terminal.note(line) : terminal.print(line))
  const counts = `${Object.keys(config.models ?? {}).length} models, ${Object.keys(config.providers ?? {}).length} providers`
  say(out === undefined ? `translated: ${counts}` : `${out}: ${counts}`)
  for (const [outcome, heading] of headings) {
    const entries = report.entries.filter((entry) => entry.outcome === outcome)
    if (entries.length > 0) say(`\n${heading}`)
    for (const entry of entries) for (const line of linesOf(entry)) say(line)
  }
  if (report.variables.length > 0) say("\nSet in the environment of the server:")
  for (const { name, moved, paths } of report.variables)
    say(`  ${name}  ${moved ? `the secret that stands in ${placesOf(paths)}` : placesOf(paths)}`)
  if (also.length > 0) say(`\n${also.join("\n")}`)
  say(`\nnext:  perdure config check --config ${out ?? "perdure.yaml"}`)
}

const headings = [
  ["left-out", "Left out:"],
  ["differs", "Translated, and not quite the same:"],
  ["not-needed", "Not needed:"],
] as const

function linesOf({ paths, why, instead }: ReportEntry): string[] {
  return [`  ${placesOf(paths)}`, `      ${why}`, ...(instead === undefined ? [] : [`      → ${instead}`])]
}

function placesOf(paths: readonly string[]): string {
  const more = paths.length - pathsShownMax
  return paths.slice(0, pathsShownMax).join(", ") + (more > 0 ? ` and ${more} more` : "")
}

function reportOf(report: Report): object {
  const of = (outcome: ReportEntry["outcome"]): object[] =>
    report.entries
      .filter((entry) => entry.outcome === outcome)
      .map(({ paths, why, instead }) => ({ paths, why, ...(instead === undefined ? {} : { instead }) }))
  return { leftOut: of("left-out"), differs: of("differs"), notNeeded: of("not-needed"), environment: report.variables }
}

function reasons(report: Report): string {
  return report.entries
    .filter(({ outcome }) => outcome === "left-out")
    .map(({ paths, why }) => `\n  ${placesOf(paths)}: ${why}`)
    .join("")
}
