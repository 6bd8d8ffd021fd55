// What a configuration file says, before it is checked: its value, where each part of it stands, and what was wrong in reading it.
import type { Path } from "./paths.ts"

/** One thing that is wrong. Printed as `location  path  what  allowed  hint`. */
export interface ConfigProblem {
  /** `perdure.yaml:3:9`, `perdure.config.ts`, `env PORT`. */
  location: string
  path: string
  what: string
  allowed: string
  hint: string
}

export interface ConfigSource {
  /** The file's name as the user wrote it, or null when there is none. */
  file: string | null
  /** Directory that relative paths in it start from. */
  directory: string
  value: Record<string, unknown>
  problems: ConfigProblem[]
  /** `file:line:col` of the value (or its key) at a path, or of its nearest parent. */
  locate(path: Path, part: "key" | "value"): string
  /** `file:line`, for what is declared there. */
  origin(path: Path): string
  /** The text as written, where the value had `${NAME}` in it. */
  writtenAt(path: Path): string | undefined
  /** True where reading the value already failed: the schema's complaint about it would be noise. */
  failedAt(path: Path): boolean
}

/** No file at all: everything is default. */
export function emptySource(directory: string): ConfigSource {
  return {
    file: null,
    directory,
    value: {},
    problems: [],
    locate: () => "configuration",
    origin: () => "default",
    writtenAt: () => undefined,
    failedAt: () => false,
  }
}
