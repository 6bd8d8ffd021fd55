// Follows the configuration while the server runs: a changed file or SIGHUP loads it again, and says what came of it.
import { messageOf } from "../core/index.ts"
import { ConfigError, formatProblem, watchConfig, type Config } from "../config/index.ts"
import type { RunningPerdure } from "./composition.ts"
import { hasTerminal } from "./stop-signal.ts"
import type { Terminal } from "./terminal.ts"

export interface FollowConfigOptions {
  perdure: Pick<RunningPerdure, "reload">
  /** The file; null where there was none, which only SIGHUP looks for again. */
  path: string | null
  /** `version` counts up from 1. */
  load: (version: number) => Promise<Config>
  pollMs: number
  terminal: Terminal
  /** Told what a reload could not change. */
  onNeedsRestart?: (keys: readonly string[]) => void
}

/** Returns what ends it. */
export function followConfig({ perdure, path, load, pollMs, terminal, onNeedsRestart }: FollowConfigOptions): () => void {
  let version = 0
  const reload = (): void => {
    version += 1
    const loading = version
    void perdure
      .reload(() => load(loading))
      .then(
        (report) => {
          for (const line of linesOf(report)) terminal.note(line)
          if (report.needsRestart.length > 0) onNeedsRestart?.(report.needsRestart)
        },
        (error: unknown) => terminal.note(`the configuration is not used, the one before stays in force:\n${problemsOf(error)}`),
      )
  }
  const stopWatching = path === null ? undefined : watchConfig({ path, onChange: reload, pollMs })
  const hasSignal = !hasTerminal() && process.platform !== "win32"
  if (hasSignal) process.on("SIGHUP", reload)
  return () => {
    stopWatching?.()
    if (hasSignal) process.off("SIGHUP", reload)
  }
}

function linesOf({ changed, needsRestart }: Awaited<ReturnType<RunningPerdure["reload"]>>): string[] {
  if (changed.length === 0 && needsRestart.length === 0) return ["the configuration was loaded again: nothing is different"]
  return [
    ...(changed.length > 0 ? [`the configuration was loaded again, in force now: ${changed.join(", ")}`] : []),
    ...(needsRestart.length > 0 ? [`in force after a restart: ${needsRestart.join(", ")}`] : []),
  ]
}

function problemsOf(error: unknown): string {
  return error instanceof ConfigError ? error.problems.map(formatProblem).join("\n") : messageOf(error)
}
