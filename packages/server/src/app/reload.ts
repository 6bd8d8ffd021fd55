// Takes another configuration into force while the server runs: checked as a whole, applied at once, and named what only a restart can change.
import { assumedPrice, rulesOfConfig, type Admission } from "../accounting/index.ts"
import type { Alerts } from "../alerts/index.ts"
import { configChanges, ConfigError, type Config } from "../config/index.ts"
import { messageOf, type Clock, type Limits } from "../core/index.ts"
import type { Logger } from "../telemetry/index.ts"
import type { ComposedMemories } from "./call-memories.ts"
import type { ReplaceableGate } from "./gate.ts"
import type { Inference } from "./inference.ts"
import type { ComposedPassThrough } from "./pass-through.ts"
import type { ComposedPrompts } from "./prompts.ts"
import type { Shaping } from "./shaping.ts"

/** Sections that are followed as a whole. */
const followed: ReadonlySet<string> = new Set([
  "providers",
  "models",
  "routingRules",
  "passThrough",
  "budgets",
  "rateLimits",
  "alerts",
  "unknownPrice",
  "grants",
  "guards",
  "prompts",
  "experiments",
])

/** Limits that are read where they are used; the others were handed on when the server was made. */
const followedLimits: readonly (keyof Limits)[] = [
  "connectTimeoutMs",
  "firstTokenTimeoutMs",
  "idleTimeoutMs",
  "totalTimeoutMs",
  "attemptsMax",
  "sameDeploymentRetriesMax",
  "retryBackoffMs",
  "retryBackoffMsMax",
  "retryWaitMsMax",
  "retryBudgetPercent",
  "retryBudgetBurst",
  "breakerFailuresMax",
  "breakerErrorPercent",
  "breakerRequestsMin",
  "breakerOpenMs",
  "breakerOpenMsMax",
  "breakerLastResortMs",
  "coolDownMs",
  "quotaCoolDownMs",
  "coolDownMsMax",
  "coolDownProbeMs",
  "coolDownProbeMsMax",
  "probeEveryMs",
  "probeTimeoutMs",
  "headHoldMs",
  "keepAliveMs",
  "heldAnswerBytesMax",
  "heldEmbeddingsBytesMax",
  "embeddingInputsMax",
]

export interface ConfigurationStatus {
  /** When the one in force was loaded; epoch milliseconds. */
  loadedAt: number
  /** Why a later one was not taken. */
  refused: { at: number; problems: number } | null
  /** What differs in the file and needs a restart. */
  needsRestart: readonly string[]
}

export interface ReloadReport {
  /** Paths that were changed and are in force now. */
  changed: readonly string[]
  needsRestart: readonly string[]
}

export interface Configuration {
  readonly status: ConfigurationStatus
  /** Rejects with what is wrong; the one before then stays in force. */
  reload(load: () => Promise<Config>): Promise<ReloadReport>
}

export interface ConfigurationParts {
  inference: Pick<Inference, "prepare">
  shaping: Pick<Shaping, "prepare">
  prompted: Pick<ComposedPrompts, "prepare">
  memories: Pick<ComposedMemories, "prepare">
  passing: Pick<ComposedPassThrough, "prepare">
  gate: Pick<ReplaceableGate, "replace">
  admission: Pick<Admission, "replace">
  alerts: Pick<Alerts, "replace">
  /** The object that all parts were handed. */
  limits: Limits
  clock: Clock
  logger: Logger
}

export function createConfiguration(config: Config, parts: ConfigurationParts): Configuration {
  return new RunningConfiguration(config, parts)
}

class RunningConfiguration implements Configuration {
  status: ConfigurationStatus
  /** As it was at the start, which is what parts that cannot follow still have. */
  readonly #first: Config
  #inForce: Config
  readonly #parts: ConfigurationParts
  /** One at a time, the last one wins. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(config: Config, parts: ConfigurationParts) {
    this.#first = { ...config, limits: { ...config.limits } }
    this.#inForce = this.#first
    this.#parts = parts
    this.status = { loadedAt: parts.clock.now(), refused: null, needsRestart: [] }
  }

  reload(load: () => Promise<Config>): Promise<ReloadReport> {
    const next = this.#last.then(() => this.#reload(load))
    this.#last = next.catch(() => undefined) // whoever asked for it is told
    return next
  }

  async #reload(load: () => Promise<Config>): Promise<ReloadReport> {
    const { logger, clock } = this.#parts
    try {
      const report = this.#apply(await load())
      this.status = { loadedAt: clock.now(), refused: null, needsRestart: report.needsRestart }
      if (report.changed.length > 0) logger.info({ changed: report.changed }, "the configuration was loaded again")
      if (report.needsRestart.length > 0) logger.warn({ keys: report.needsRestart }, "the configuration has changes that need a restart")
      return report
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems.length : 1
      this.status = { ...this.status, refused: { at: clock.now(), problems } }
      logger.error({ problem: messageOf(error) }, "the changed configuration cannot be used: the one before stays in force")
      throw error
    }
  }

  /** Everything that can fail comes first; then nothing yields until all of it is in force. */
  #apply(next: Config): ReloadReport {
    const changes = configChanges(this.#inForce, next)
    const changed = changes.filter(isFollowed)
    const needsRestart = configChanges(this.#first, next).filter((path) => !isFollowed(path))
    const { inference, shaping, prompted, memories, passing, gate, admission, alerts, limits } = this.#parts
    const applyModels = inference.prepare(next)
    const applyShaping = shaping.prepare(next)
    const applyPrompts = prompted.prepare(next)
    const applyMemories = memories.prepare(next)
    const applyPassThrough = passing.prepare(next)
    const rules = rulesOfConfig(next)
    const before = { ...limits }
    for (const name of followedLimits) limits[name] = next.limits[name]
    try {
      applyModels()
    } catch (error) {
      Object.assign(limits, before)
      throw error
    }
    applyShaping()
    applyPrompts()
    applyMemories()
    applyPassThrough()
    admission.replace({ rules, assumedPrice: assumedPrice(next.unknownPrice) })
    alerts.replace(next.alerts)
    gate.replace(next.grants)
    this.#inForce = next
    return { changed, needsRestart }
  }
}

function isFollowed(path: string): boolean {
  const [section = "", ...rest] = path.split(/[.[]/)
  if (section === "memory") return rest[0] === "calls"
  return section === "limits" ? followedLimits.some((name) => name === rest[0]) : followed.has(section)
}
