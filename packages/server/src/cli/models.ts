// `perdure models`: the models of the running server, where each is served, and how the deployments fare.
import type { ConfiguredParameters, Deployments, DeploymentStatus, ServedModel } from "@perdure/contract"
import { AppError } from "../core/index.ts"
import { remoteDeployments } from "./control.ts"
import { exitCodes } from "./exit-codes.ts"
import { failuresText } from "./failures-text.ts"
import type { ConfigOptions } from "./options.ts"
import { priceText } from "./price-text.ts"
import { serverOf } from "./server-of.ts"
import type { Terminal } from "./terminal.ts"

export interface ModelsOptions extends ConfigOptions {
  json?: boolean
  prices?: boolean
}

export async function models(options: ModelsOptions, terminal: Terminal): Promise<number> {
  const { config, server } = await serverOf(options)
  if (!server) throw new AppError("not_found", `no server runs on ${config?.data}`, { hint: "perdure start, or --data with its directory" })
  const found = await remoteDeployments(server)
  if (options.json === true) terminal.print(JSON.stringify(found))
  else for (const line of linesOf(found, options.prices === true)) terminal.print(line)
  return exitCodes.ok
}

function linesOf({ models: served, deployments, configuration }: Deployments, withPrices: boolean): string[] {
  const byId = new Map(deployments.map((each) => [each.id, each]))
  const width = Math.max(...deployments.map(({ id }) => id.length), 1)
  const row = (id: string, text: string): string => `  ${id.padEnd(width)}  ${text}`
  const priceOf = (id: string): string[] => {
    const deployment = withPrices ? byId.get(id) : undefined
    return deployment ? [row("", priceText(deployment))] : []
  }
  const lines = served.flatMap((model) => [
    headOf(model),
    ...model.deployments.flatMap(({ id, priority, weight, parameters, ...failures }) => {
      const further = [parameters === null ? undefined : parametersText(parameters), failuresText(failures)]
      const texts = further.filter((text) => text !== undefined).map((text) => row("", text))
      return [row(id, factsOf(byId.get(id), { priority, weight })), ...texts, ...priceOf(id)]
    }),
  ])
  const { refused, needsRestart } = configuration
  if (refused) lines.push(`the configuration file was changed and has ${refused.problems} problems: perdure config check`)
  if (needsRestart.length > 0) lines.push(`in force after a restart: ${needsRestart.join(", ")}`)
  return lines
}

function headOf({ name, aliases, fallbacks, regions, isPattern }: ServedModel): string {
  return [
    name,
    ...(isPattern ? ["(any name)"] : []),
    ...(aliases.length > 0 ? [`also ${aliases.join(", ")}`] : []),
    ...(regions ? [`only in ${regions.join(", ")}`] : []),
    ...(fallbacks.length > 0 ? [`else ${fallbacks.join(", ")}`] : []),
  ].join("  ")
}

function factsOf(deployment: DeploymentStatus | undefined, { priority, weight }: { priority: number; weight: number }): string {
  if (!deployment) return ""
  const { region, origin, health } = deployment
  return [
    stateOf(health),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    ...(weight === 1 ? [] : [`weight ${weight}`]),
    ...(region === null ? [] : [region]),
    ...(health.firstTokenMs === null ? [] : [`${Math.round(health.firstTokenMs)} ms to the first token`]),
    ...(health.lastError === null ? [] : [lastErrorText(health.lastError)]),
    `(${origin})`,
  ].join("  ")
}

function stateOf({ state, openedBy, coolDownUntil, usedUp, probe, lastCalls, lastError }: DeploymentStatus["health"]): string {
  if (state === "open") return `left alone (${openedBy ?? "failures"})`
  if (state === "half_open") return `on trial (${openedBy ?? "failures"})`
  if (usedUp !== null)
    return `the limit "${usedUp.limit}" is used up${usedUp.until === null ? "" : ` until ${new Date(usedUp.until).toISOString()}`}`
  if (coolDownUntil !== null) return `cooling down until ${new Date(coolDownUntil).toISOString()}`
  if (probe?.ok === false) return "no answer to a probe"
  const { calls, failed, failedInRow } = lastCalls
  const why = lastError === null ? "" : ` (${lastError.failure})`
  if (isFailing(lastCalls)) return `failing: ${failedInRow} of the last ${failedInRow}${why}`
  return failed > 0 ? `unsteady: ${failed} of the last ${calls} failed` : "ok"
}

/** In one line, for people. */
function parametersText({ defaults, overrides, dropped }: ConfiguredParameters): string {
  const listed = (values: ConfiguredParameters["defaults"]): string =>
    Object.entries(values)
      .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
      .join(", ")
  return [
    ...(Object.keys(defaults).length > 0 ? [`unless said ${listed(defaults)}`] : []),
    ...(Object.keys(overrides).length > 0 ? [`always ${listed(overrides)}`] : []),
    ...(dropped.length > 0 ? [`without ${dropped.join(", ")}`] : []),
  ].join("; ")
}

function lastErrorText({ code, reachFault }: NonNullable<DeploymentStatus["health"]["lastError"]>): string {
  return reachFault ? `${reachFault.cause}: ${reachFault.next}` : `last error ${code}`
}

/** What nobody has seen work, or not of late. */
function isFailing({ calls, failedInRow }: DeploymentStatus["health"]["lastCalls"]): boolean {
  return calls > 0 && failedInRow >= Math.min(calls, failingFrom)
}

const failingFrom = 3
