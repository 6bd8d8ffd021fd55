// Loads the configuration: file, then environment, then flags; checks all of it at once and says where each value came from.
import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname, extname, isAbsolute, relative, resolve } from "node:path"
import { AppError, messageOf } from "../core/index.ts"
import { configPathFrom, overridesFrom, processVariables, type Override } from "./environment.ts"
import { explain, formatProblem, type ExplainContext } from "./explain.ts"
import { readModule } from "./module.ts"
import { formatPath, getAt, removeAt, setAt, type Path } from "./paths.ts"
import { resolveConfig } from "./resolve.ts"
import { configSchema, type ParsedConfig } from "./schema.ts"
import { emptySource, type ConfigProblem, type ConfigSource } from "./source.ts"
import type { LoadedConfig } from "./types.ts"
import { readYaml, type Variables } from "./yaml.ts"

export const configFileNames = [
  "perdure.config.ts",
  "perdure.config.mts",
  "perdure.config.js",
  "perdure.config.mjs",
  "perdure.yaml",
  "perdure.yml",
] as const

const pruneRoundsMax = 50

export interface LoadOptions {
  cwd: string
  /** The process's environment when absent. */
  env?: Variables
  /** A file to read instead of looking for one. */
  configPath?: string
  /** Values of command-line flags; they win over everything. */
  flags?: readonly Override[]
  /** Development: a key written into the file is let through. */
  dev?: boolean
  /** Counts how often it is loaded in this process; a file that is code is only read again under another number. */
  version?: number
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends AppError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`
    super("config_invalid", `the configuration has ${count}\n${problems.map(formatProblem).join("\n")}`, {
      hint: "fix the lines above, then run: perdure config check",
    })
    this.problems = problems
  }
}

/** Finds, reads, checks and resolves the configuration. Throws `ConfigError` with all problems. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const variables = options.env ?? processVariables()
  const path = findConfig(options.cwd, options.configPath ?? configPathFrom(variables))
  const source = path === null ? emptySource(options.cwd) : await readSource(path, options.cwd, variables, options.version)
  const overrides = [...overridesFrom(variables), ...(options.flags ?? [])]
  for (const override of overrides) setAt(source.value, override.path, override.value)

  const overrideAt = (at: Path): string | undefined => overrides.findLast((each) => formatPath(each.path) === formatPath(at))?.source
  const context: ExplainContext = { source, value: source.value, overrideAt }
  const resolveContext = { ...context, variables, cwd: options.cwd, isDev: options.dev ?? false }
  const parsed = configSchema.safeParse(source.value)
  const problems = [...source.problems, ...(parsed.error?.issues ?? []).flatMap((issue) => explain(issue, context))]
  const checkable = parsed.data ?? pruned(source.value)
  const resolved = checkable === undefined ? undefined : resolveConfig(checkable, resolveContext)
  const isNews = ({ path: at }: ConfigProblem): boolean => !problems.some((known) => known.path.startsWith(at))
  problems.push(...(resolved?.problems ?? []).filter(isNews))
  if (problems.length > 0 || resolved === undefined || parsed.data === undefined) throw new ConfigError(inFileOrder(problems))
  return { config: resolved.config, ...originsOf(parsed.data, context), path }
}

/** The file to read: the named one, else the one that stands in the working directory, else none. */
export function findConfig(cwd: string, named?: string): string | null {
  if (named !== undefined) {
    const path = resolve(cwd, named)
    if (existsSync(path) && statSync(path).isFile()) return path
    throw new ConfigError([
      {
        location: named,
        path: "",
        what: "there is no such file",
        allowed: configFileNames.join(", "),
        hint: "check --config or PERDURE_CONFIG",
      },
    ])
  }
  const found = configFileNames.filter((name) => existsSync(resolve(cwd, name)))
  const [first, second] = found
  if (first === undefined) return null
  if (second === undefined) return resolve(cwd, first)
  throw new ConfigError([
    {
      location: first,
      path: "",
      what: `${second} is there too`,
      allowed: "one configuration file",
      hint: "remove one, or name one by --config",
    },
  ])
}

/** What is left of a configuration when all that the schema refuses is taken out: so that the other checks can run on it in the same round. */
function pruned(value: Record<string, unknown>): ParsedConfig | undefined {
  const rest = copy(value) as Record<string, unknown> // a copy of an object is one
  for (let round = 0; round < pruneRoundsMax; round += 1) {
    const parsed = configSchema.safeParse(rest)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) {
      const path = issue.path.filter((key) => typeof key !== "symbol")
      if (issue.code === "unrecognized_keys") for (const key of issue.keys) removeAt(rest, [...path, key])
      else removeAt(rest, nearestSet(rest, path))
    }
  }
  return undefined
}

/** The path itself, or the one of the nearest parent where nothing stands there: what lacks a part has to go as a whole. */
function nearestSet(value: unknown, path: Path): Path {
  let at = path
  while (at.length > 1 && getAt(value, at) === undefined) at = at.slice(0, -1)
  return at
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isPlain ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)])) : value
}

/** By file, line and column; what comes from elsewhere last. */
function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const place = ({ location }: ConfigProblem): number => {
    const [, line, column] = /:(\d+):(\d+)$/.exec(location) ?? []
    return line === undefined ? Number.MAX_SAFE_INTEGER : Number(line) * 10_000 + Number(column)
  }
  return problems.toSorted((a, b) => place(a) - place(b))
}

async function readSource(path: string, cwd: string, variables: Variables, version?: number): Promise<ConfigSource> {
  const file = shortName(path, cwd)
  const directory = dirname(path)
  if (/^\.[mc]?[jt]s$/.test(extname(path))) return readModule(file, path, directory, version)
  try {
    return readYaml(file, directory, readFileSync(path, "utf8"), variables)
  } catch (error) {
    throw new ConfigError([{ location: file, path: "", what: `cannot be read: ${messageOf(error)}`, allowed: "", hint: "" }])
  }
}

/** Relative to the working directory where it lies beneath it, else whole. */
function shortName(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short.startsWith("..") || isAbsolute(short) ? path : short
}

/** The source of each value, and the text as written of those that were filled in. */
function originsOf(parsed: unknown, context: ExplainContext): Pick<LoadedConfig, "sources" | "written"> {
  const sources: Record<string, string> = {}
  const written: Record<string, string> = {}
  const visit = (value: unknown, path: Path): void => {
    const isBranch = typeof value === "object" && value !== null && !isLeaf(path)
    const children = isBranch ? Object.entries(value) : []
    for (const [key, inner] of children) visit(inner, [...path, Array.isArray(value) ? Number(key) : key])
    if (children.length > 0) return
    const name = formatPath(path)
    const override = context.overrideAt(path)
    sources[name] = override ?? (getAt(context.value, path) === undefined ? "default" : context.source.origin(path))
    const text = override === undefined ? context.source.writtenAt(path) : undefined
    if (text !== undefined) written[name] = text
  }
  visit(parsed, [])
  return { sources, written }
}

/** References to secrets and workflows are one value each. */
function isLeaf(path: Path): boolean {
  const last = path.at(-1)
  return (
    last === "apiKey" ||
    isSetting(path) ||
    (path[0] === "database" && last === "url") ||
    ((path[0] === "workflows" || path[0] === "tools") && path.length > 1)
  )
}

function isSetting([first, , third, name, header, ...deeper]: Path): boolean {
  if (first !== "providers" || third !== "settings" || name === undefined || deeper.length > 0) return false
  return name === "headers" ? header !== undefined : header === undefined
}
