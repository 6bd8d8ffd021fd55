// `perdure doctor`: checks what the server needs and says for each fault what to do. Silent on success with `--quiet`.
import { messageOf } from "../core/index.ts"
import { ConfigError, formatProblem, type LoadedConfig } from "../config/index.ts"
import { databaseChecks, directoryChecks, modelChecks, nodeChecks, portChecks, type Check } from "./doctor-checks.ts"
import { providerChecks } from "./doctor-providers.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import type { Terminal } from "./terminal.ts"

export interface DoctorOptions extends ConfigOptions {
  json?: boolean
  quiet?: boolean
}

export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const checks = await allChecks(options)
  const isHealthy = checks.every(({ status }) => status !== "fail")
  if (options.json === true) terminal.print(JSON.stringify({ ok: isHealthy, checks }))
  else if (options.quiet !== true || !isHealthy) show(checks, options.quiet === true, terminal)
  return isHealthy ? exitCodes.ok : exitCodes.unhealthy
}

async function allChecks(options: DoctorOptions): Promise<Check[]> {
  const checks: Check[] = nodeChecks()
  const loaded = await loadFor(options, true).catch((error: unknown) => configFault(error))
  if ("status" in loaded) return [...checks, loaded, ...(await modelChecks())]
  checks.push({ name: "configuration", status: "ok", detail: loaded.path ?? "no file, all defaults" })
  return [...checks, ...(await checksOf(loaded))]
}

async function checksOf({ config }: LoadedConfig): Promise<Check[]> {
  const groups = [directoryChecks(config), databaseChecks(config), portChecks(config), providerChecks(config), modelChecks(config.data)]
  const settled = await Promise.allSettled(groups)
  return settled.flatMap((result): Check[] =>
    result.status === "fulfilled"
      ? result.value
      : [{ name: "doctor", status: "fail", detail: messageOf(result.reason), next: "perdure doctor --json" }],
  )
}

function configFault(error: unknown): Check {
  const detail = error instanceof ConfigError ? error.problems.map(formatProblem).join("\n") : messageOf(error)
  return { name: "configuration", status: "fail", detail, next: "perdure config check" }
}

function show(checks: readonly Check[], onlyFaults: boolean, terminal: Terminal): void {
  const marks = { ok: terminal.style("green", "ok  "), warn: terminal.style("yellow", "warn"), fail: terminal.style("red", "FAIL") }
  for (const { name, status, detail, next } of checks) {
    if (onlyFaults && status !== "fail") continue
    terminal.print(`${marks[status]}  ${name.padEnd(15)} ${detail.replaceAll("\n", `\n${" ".repeat(22)}`)}`)
    if (next !== undefined && status !== "ok") terminal.print(`${" ".repeat(22)}next: ${next}`)
  }
}
