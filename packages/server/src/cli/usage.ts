// `perdure usage`: what was spent by way of the running server, as a table, the dearest first.
import { usageQuerySchema, type Usage, type UsageQuery, type UsageRow } from "@perdure/contract"
import { AppError } from "../core/index.ts"
import { remoteUsage } from "./control.ts"
import { exitCodes } from "./exit-codes.ts"
import type { ConfigOptions } from "./options.ts"
import { serverOf } from "./server-of.ts"
import type { Terminal } from "./terminal.ts"

export interface UsageOptions extends ConfigOptions {
  by: string
  /** Milliseconds until now. */
  last: number
  interval?: "hour" | "day"
  tag?: string
  metadata?: string
  json?: boolean
}

export async function usage(options: UsageOptions, terminal: Terminal): Promise<number> {
  const query = queryOf(options)
  const { config, server } = await serverOf(options)
  if (!server) throw new AppError("not_found", `no server runs on ${config?.data}`, { hint: "perdure start, or --data with its directory" })
  const found = await remoteUsage(server, query)
  if (options.json === true) terminal.print(JSON.stringify(found))
  else for (const line of usageLines(found)) terminal.print(line)
  if (found.overlapping) terminal.note("a run with several tags, names or values counts for each of them, and once in the total")
  if (!found.complete) terminal.note("there are more groups: those that cost least are in the total alone")
  return exitCodes.ok
}

function queryOf({ by, last, interval, tag, metadata }: UsageOptions): UsageQuery {
  const query = usageQuerySchema.safeParse({ since: Date.now() - last, groupBy: by, interval, tag, metadata })
  if (query.success) return query.data
  const [issue] = query.error.issues
  const named = issue?.path[0] === "metadata" ? "--metadata" : issue?.path[0] === "tag" ? "--tag" : "--by"
  throw new AppError("invalid_request", `${named} is not what it may be`, {
    hint: "--by model, deployment, principal, user, tag, kind, day, hour, metadata or metadata.<name>; --metadata customer=acme",
  })
}

const heads = ["", "runs", "failed", "tokens in", "tokens out", "cost"]

export function usageLines({ rows, total }: Usage): string[] {
  const sorted = rows.toSorted((a, b) => (a.time ?? "").localeCompare(b.time ?? "") || b.costMicroUsd - a.costMicroUsd || b.runs - a.runs)
  const table = [heads, ...sorted.map(cellsOf), cellsOf(total)]
  const widths = heads.map((_, at) => Math.max(...table.map((cells) => cells[at]?.length ?? 0)))
  return table.map((cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
  )
}

function cellsOf({ group, time, runs, failedRuns, inputTokens, outputTokens, costMicroUsd, costKnown }: UsageRow): string[] {
  const name = group === "" ? "(none)" : group
  const cost = `${costKnown ? "" : ">="}$${(costMicroUsd / 1_000_000).toFixed(4)}`
  return [time === undefined ? name : `${time}  ${name}`, ...[runs, failedRuns, inputTokens, outputTokens].map(String), cost]
}
