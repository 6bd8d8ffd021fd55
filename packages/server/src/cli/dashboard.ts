// `perdure dashboard`: a new one-time link to the dashboard of the running server.
import { AppError } from "../core/index.ts"
import { remoteDashboardLink } from "./control.ts"
import { exitCodes } from "./exit-codes.ts"
import type { ConfigOptions } from "./options.ts"
import { serverOf } from "./server-of.ts"
import type { Terminal } from "./terminal.ts"

export interface DashboardOptions extends ConfigOptions {
  json?: boolean
}

export async function dashboard(options: DashboardOptions, terminal: Terminal): Promise<number> {
  const { config, server } = await serverOf(options)
  if (config?.dashboard.enabled === false)
    throw new AppError("feature_unavailable", "the dashboard is off", { hint: "dashboard: { enabled: true }" })
  if (!server) throw new AppError("not_found", `no server runs on ${config?.data}`, { hint: "perdure start, or --data with its directory" })
  const dashboardUrl = await remoteDashboardLink(server)
  terminal.print(options.json === true ? JSON.stringify({ dashboardUrl }) : dashboardUrl)
  if (options.json !== true) terminal.note(terminal.style("dim", "works once, for 15 minutes"))
  return exitCodes.ok
}
