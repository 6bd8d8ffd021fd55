// How a deployment fares, in a word with its look and in a sentence; and what it costs.
import type { DeploymentHealth, DeploymentPrice, Deployments, DeploymentStatus, ServedModel } from "@perdure/client"
import { formatCount, formatDuration } from "./format.ts"
import type { StatusLook } from "./statuses.ts"

export interface HealthLook extends StatusLook {
  /** Why, in a few words; empty where there is nothing to say. */
  detail: string
  /** The higher, the sooner somebody should look. */
  trouble: 0 | 1 | 2 | 3
}

const reasons: Readonly<Record<string, string>> = {
  connection: "no connection",
  timeout: "no answer in time",
  server: "server errors",
  rate_limit: "rate limit",
  quota: "its quota is used up",
  credentials: "it refuses the credentials",
  forbidden: "it forbids the calls",
  missing: "it has no such model",
  context: "conversation too long",
  stream: "answers break off",
  request: "the request was refused",
  probe: "probes fail",
}

/** So many failures in a row, or nothing but failures, are no accident. */
const failingFrom = 3
/** From here on it is worth telling, although calls still go there. */
const errorRateTold = 0.1

export function reasonText(reason: string | null): string {
  return reason === null ? "failures" : (reasons[reason] ?? reason.replaceAll("_", " "))
}

export function healthLook(health: DeploymentHealth, now: number): HealthLook {
  const { state, openedBy, openUntil, coolDownUntil, usedUp, probe, errorRate, attempts, lastCalls } = health
  const why = reasonText(openedBy)
  if (state === "open") return { label: "Left alone", tone: "bad", shape: "cross", detail: `${why}${again(openUntil, now)}`, trouble: 3 }
  if (state === "half_open") return { label: "On trial", tone: "warn", shape: "half", detail: why, trouble: 2 }
  if (coolDownUntil !== null && coolDownUntil > now)
    return { label: "Cooling down", tone: "warn", shape: "pause", detail: `asked to wait${again(coolDownUntil, now)}`, trouble: 2 }
  if (usedUp !== null) {
    const detail = `the limit "${usedUp.limit}" is used up${again(usedUp.until, now)}`
    return { label: "Budget used up", tone: "warn", shape: "pause", detail, trouble: 2 }
  }
  if (probe?.ok === false)
    return { label: "Not answering", tone: "bad", shape: "cross", detail: probe.why ?? "the probe failed", trouble: 3 }
  const { calls, failed, failedInRow } = lastCalls
  if (calls > 0 && failedInRow >= Math.min(calls, failingFrom)) return failing(health)
  if (failed > 0)
    return { label: "Unsteady", tone: "warn", shape: "half", detail: `${failed} of the last ${calls} calls failed`, trouble: 1 }
  if (errorRate >= errorRateTold)
    return { label: "Unsteady", tone: "warn", shape: "half", detail: `${Math.round(errorRate * 100)} % of calls fail`, trouble: 1 }
  if (attempts === 0 && probe === null) return { label: "Not asked yet", tone: "still", shape: "ring", detail: "", trouble: 0 }
  return { label: "Well", tone: "good", shape: "check", detail: "", trouble: 0 }
}

/** Before the breaker opens, and after everything but the last calls is forgotten. */
function failing({ lastCalls: { failedInRow }, lastError, probe }: DeploymentHealth): HealthLook {
  const why = lastError === null ? "" : `: ${reasonText(lastError.failure)}`
  const detail = `${failedInRow} of the last ${failedInRow}${why}`
  const answersAgain = probe?.ok === true && lastError !== null && probe.at > lastError.at && unreached.includes(lastError.failure)
  if (answersAgain) return { label: "Answers again", tone: "warn", shape: "half", detail: `${detail}; probes get through`, trouble: 1 }
  return { label: "Failing", tone: "bad", shape: "cross", detail, trouble: 3 }
}

/** Failures that a probe would meet too. */
const unreached: readonly string[] = ["connection", "timeout"]

function again(until: number | null, now: number): string {
  if (until === null) return ""
  if (until <= now) return ", tried at the next call"
  const seconds = Math.ceil((until - now) / 1_000)
  return `, tried again in ${seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000)}`
}

/** `$0.15 · $0.60`: of a million tokens in and out; else what is paid by the piece. */
export function priceText(price: DeploymentPrice): string {
  const { inputPerMillionUsd, outputPerMillionUsd } = price
  const pieces = [
    ...(price.perRequestUsd === undefined ? [] : [`${usd(price.perRequestUsd)} / request`]),
    ...(price.perImageUsd === undefined ? [] : [`${usd(price.perImageUsd)} / image`]),
    ...(price.perSecondUsd === undefined ? [] : [`${usd(price.perSecondUsd)} / second`]),
    ...(price.perMillionCharactersUsd === undefined ? [] : [`${usd(price.perMillionCharactersUsd)} / M characters`]),
    ...(price.perThousandSearchesUsd === undefined ? [] : [`${usd(price.perThousandSearchesUsd)} / 1,000 searches`]),
  ]
  if (inputPerMillionUsd === 0 && outputPerMillionUsd === 0) return pieces.length === 0 ? "free" : pieces.join(", ")
  return [`${usd(inputPerMillionUsd)} · ${usd(outputPerMillionUsd)}`, ...pieces].join(", ")
}

/** What long requests and its tiers cost, and a thousand calls of each tool that its provider runs and charges for. */
export function furtherPrices({ above, tiers = {}, perThousandToolCallsUsd = {} }: DeploymentPrice): { name: string; text: string }[] {
  const text = ({ inputPerMillionUsd, outputPerMillionUsd }: Pick<DeploymentPrice, "inputPerMillionUsd" | "outputPerMillionUsd">): string =>
    `${usd(inputPerMillionUsd)} · ${usd(outputPerMillionUsd)}`
  const long = (price: DeploymentPrice["above"], of: string): { name: string; text: string }[] =>
    price ? [{ name: `${of}above ${formatCount(price.inputTokens)} tokens in`, text: text(price) }] : []
  return [
    ...long(above, ""),
    ...Object.entries(tiers).flatMap(([name, tier]) => [{ name, text: text(tier) }, ...long(tier.above, `${name}, `)]),
    ...Object.entries(perThousandToolCallsUsd)
      .filter(([, each]) => each > 0)
      .map(([name, each]) => ({ name, text: `${usd(Math.round(each * 100) / 100)} / 1,000 calls` })),
  ]
}

function usd(value: number): string {
  return `$${value.toFixed(6).replace(/(\.\d\d\d*?)0+$/, "$1")}`
}

/** A pattern's price depends on what is asked for by it. */
export function isPriceUnknown({ price, upstreamModel }: Pick<DeploymentStatus, "price" | "upstreamModel">): boolean {
  return price === null && !upstreamModel.includes("*")
}

export type ModelFilter = "trouble" | "unpriced"

export interface ShownModel {
  model: ServedModel
  deployments: { status: DeploymentStatus; priority: number; share: number | null; parameters: string[]; failures: string[] }[]
}

/** Models with their deployments, those that fit; a deployment's share is of the calls of its priority, null where nothing is shared. */
export function shownModels(
  { models, deployments }: Pick<Deployments, "models" | "deployments">,
  filter: { search: string; only: ModelFilter | undefined; now: number },
): ShownModel[] {
  const byId = new Map(deployments.map((each) => [each.id, each]))
  return models.map((model) => withStatus(model, byId)).filter((each) => fits(each, filter))
}

function withStatus(model: ServedModel, byId: ReadonlyMap<string, DeploymentStatus>): ShownModel {
  const deployments = model.deployments.flatMap(({ id, priority, weight, parameters, ...failures }) => {
    const status = byId.get(id)
    if (!status) return []
    const beside = model.deployments.filter((each) => each.priority === priority)
    const sum = beside.reduce((total, each) => total + each.weight, 0)
    const share = beside.length === 1 || model.sort !== null || sum === 0 ? null : weight / sum
    return [{ status, priority, share, parameters: parameterWords(parameters), failures: failureWords(failures) }]
  })
  return { model, deployments }
}

/** What requests are given of parameters: one word for each. */
function parameterWords(parameters: ServedModel["deployments"][number]["parameters"]): string[] {
  if (parameters === null) return []
  const words = (values: object, how: string): string[] =>
    Object.entries(values).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}${how}`)
  const { defaults, overrides, dropped } = parameters
  return [...words(defaults, ""), ...words(overrides, ", always"), ...dropped.map((name) => `no ${name}`)]
}

/** After which failures it is asked once more, and after which another one is. */
function failureWords({ retry, fallbackOn }: Pick<ServedModel["deployments"][number], "retry" | "fallbackOn">): string[] {
  const listed = (failures: readonly (string | number)[]): string => (failures.length === 0 ? "no failure" : failures.join(", "))
  const words: string[] = []
  if (retry) {
    const { attempts, on, counts, first } = retry
    const each = counts && Object.entries(counts).map(([failure, count]) => `${failure} ${count}`)
    const after = each ? ` ${each.join(", ")}` : on ? ` after ${listed(on)}` : ""
    words.push(`retries${attempts === undefined ? "" : ` ${attempts}`}${after}${first === true ? ", first" : ""}`)
  }
  if (fallbackOn) words.push(`another after ${listed(fallbackOn)}`)
  return words
}

function fits({ model, deployments }: ShownModel, { search, only, now }: Parameters<typeof shownModels>[1]): boolean {
  const text = search.toLowerCase()
  const words = [model.name, ...model.aliases, ...deployments.flatMap(({ status }) => [status.id, status.provider, ...status.tags])]
  if (!words.some((word) => word.toLowerCase().includes(text))) return false
  if (only === "trouble") return deployments.some(({ status }) => healthLook(status.health, now).trouble > 0)
  return only !== "unpriced" || deployments.some(({ status }) => isPriceUnknown(status))
}
