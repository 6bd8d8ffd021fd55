// The exit codes of the command line, and which failure gives which.
import { AppError } from "../core/index.ts"

/** Published in docs/reference/cli.md; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  /** Anything that none of the others names. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The configuration cannot be used. */
  config: 3,
  /** The data directory is locked or damaged, or the database does not answer, is not migrated, or was migrated by a newer version. */
  data: 4,
  /** `doctor` found something that must be fixed. */
  unhealthy: 5,
  /** `import --strict` could not translate everything. */
  incomplete: 6,
} as const

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AppError)) return exitCodes.failed
  if (error.code === "config_invalid") return exitCodes.config
  return /^(data_directory|database|migration)_/.test(error.code) ? exitCodes.data : exitCodes.failed
}
