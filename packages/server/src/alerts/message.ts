// An event as the body of a request: JSON, or a text for what takes Slack's incoming webhooks.
import type { AlertConfig } from "../config/index.ts"
import { isJsonObject, type JsonValue } from "../core/index.ts"
import type { AlertEvent } from "./types.ts"

export function bodyOf(event: AlertEvent, format: AlertConfig["format"]): string {
  if (format === "slack") return JSON.stringify({ text: textOf(event) })
  const { id, type, createdAt, projectId, data } = event
  return JSON.stringify({ id, type, timestamp: new Date(createdAt).toISOString(), project: projectId, data })
}

/** One line. What clients named may look like a mention or a link, and must not be one. */
export function textOf({ type, data, projectId }: AlertEvent): string {
  const of = projectId === null ? "" : ` (project ${word(projectId)})`
  if (type === "test") return ":white_check_mark: Perdure can post alerts here."
  if (type === "budget.threshold") return `:warning: Budget ${budgetOf(data)}${of}: ${percentOf(data)} is used, ${spentOf(data)}.`
  if (type === "budget.exceeded") return `:no_entry: Budget ${budgetOf(data)}${of} refuses calls: ${spentOf(data)}.`
  if (type === "deployment.down")
    return `:red_circle: Deployment ${word(data["deployment"])} is left alone because it fails (${word(data["failure"])}).`
  if (type === "deployment.up") return `:large_green_circle: Deployment ${word(data["deployment"])} answers again.`
  return `:key: Key ${word(data["name"])} ${word(data["key"])}${of} expires at ${word(data["expiresAt"])}.`
}

type Data = AlertEvent["data"]

function budgetOf({ budget, scope }: Data): string {
  const parts = isJsonObject(scope) ? Object.entries(scope).filter(([name]) => name !== "project") : []
  const whom = parts.map(([name, value]) => `${name} ${value === "" ? "none" : word(value)}`).join(", ")
  return whom === "" ? `*${word(budget)}*` : `*${word(budget)}* for ${whom}`
}

function percentOf({ spent, limit }: Data): string {
  return typeof spent === "number" && typeof limit === "number" && limit > 0 ? `${Math.floor((spent / limit) * 100)} %` : "all of it"
}

function spentOf({ spent, limit, unit, windowEnd }: Data): string {
  const amount = (value: JsonValue | undefined): string =>
    unit === "usd" ? `$${Number(value).toFixed(2)}` : `${word(value)} ${word(unit)}`
  const until = typeof windowEnd === "string" ? `, until ${windowEnd}` : ""
  return `${amount(spent)} of ${amount(limit)}${until}`
}

const wordCharactersMax = 200

function word(value: JsonValue | undefined): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null)
  const [and, less, more] = [/&/g, /</g, />/g]
  return text
    .slice(0, wordCharactersMax)
    .replace(and, "&amp;")
    .replace(less, "&lt;")
    .replace(more, "&gt;")
    .replace(/[\r\n]+/g, " ")
}
