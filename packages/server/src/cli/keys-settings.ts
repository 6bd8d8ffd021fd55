// What the options of `perdure keys create` and `update` ask for, as the API's own requests; refusals name the option.
import { apiKeyCreateRequestSchema, apiKeyUpdateRequestSchema, type ApiKeyUpdateRequest } from "@perdure/contract"
import { InvalidArgumentError } from "commander"
import type { z } from "zod"
import { AppError } from "../core/index.ts"
import type { KeySettings } from "../security/index.ts"

/** As commander parsed them. */
export interface KeySettingOptions {
  models?: readonly string[]
  endpoints?: readonly string[]
  regions?: readonly string[]
  budgetUsd?: number
  alertUsd?: number
  per?: string
  rpm?: number
  tpm?: number
  concurrent?: number
  /** Epoch milliseconds. */
  expires?: number
  tag?: readonly string[]
  user?: string
  metadata?: Record<string, unknown>
}

export interface KeyChangeOptions extends KeySettingOptions {
  name?: string
  clear?: readonly string[]
}

/** Option → where it stands in a request. */
const places: Readonly<Record<string, string>> = {
  models: "scope.models",
  endpoints: "scope.endpoints",
  regions: "scope.regions",
  "budget-usd": "limits.budgetUsd",
  "alert-usd": "limits.alertUsd",
  per: "limits.budgetPer",
  rpm: "limits.requestsPerMinute",
  tpm: "limits.tokensPerMinute",
  concurrent: "limits.concurrent",
  expires: "expiresAt",
  tag: "tags",
  user: "user",
  metadata: "metadata",
}

export const clearable = Object.keys(places).filter((option) => option !== "metadata")

export function newKeySettings(name: string, options: KeySettingOptions): KeySettings {
  const { name: _name, ...settings } = checked(apiKeyCreateRequestSchema, { name, ...requestOf(options) })
  return settings
}

export function keyPatch({ name, clear = [], ...options }: KeyChangeOptions): ApiKeyUpdateRequest {
  const request = requestOf(options)
  const { scope = {}, limits = {}, ...rest } = request
  for (const option of clear) {
    const [first = "", second] = (places[option] ?? "").split(".")
    if (second === undefined) rest[first] = first === "tags" ? [] : null
    else if (first === "scope") scope[second] = []
    else limits[second] = null
  }
  const patch = { ...rest, ...present({ scope, limits }), ...(name === undefined ? {} : { name }) }
  if (Object.keys(patch).length > 0) return checked(apiKeyUpdateRequestSchema, patch)
  throw new AppError("invalid_request", "no option says what to change", { hint: "perdure keys update --help" })
}

type Request = Record<string, unknown> & { scope?: Record<string, unknown>; limits?: Record<string, unknown> }

function requestOf({
  models,
  endpoints,
  regions,
  budgetUsd,
  alertUsd,
  per,
  rpm,
  tpm,
  concurrent,
  expires,
  tag,
  user,
  metadata,
}: KeySettingOptions): Request {
  const limits = { budgetUsd, alertUsd, budgetPer: per, requestsPerMinute: rpm, tokensPerMinute: tpm, concurrent }
  return {
    ...defined({ tags: tag, user, metadata, expiresAt: expires }),
    ...present({ scope: defined({ models, endpoints, regions }), limits: defined(limits) }),
  }
}

function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** Without the objects that say nothing. */
function present<Members extends Record<string, object>>(members: Members): Partial<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => Object.keys(value).length > 0)) as Partial<Members> // the same members
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = (issue?.path ?? []).map(String)
  const place = path.slice(0, path[0] === "scope" || path[0] === "limits" ? 2 : 1).join(".")
  const option = Object.entries(places).find(([, each]) => each === place)?.[0]
  const what = option === undefined ? place : `--${option}`
  throw new AppError("invalid_request", `${what}: ${issue?.message ?? "not valid"}`, { hint: "perdure keys create --help" })
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }

/** `90m`, `24h`, `30d`; 0 needs no unit. */
export function toDurationMs(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9})([smhdw]?)$/.exec(text) ?? []
  const factor = unit === "" && Number(digits) === 0 ? 1 : units[unit]
  if (digits === "" || factor === undefined) throw new InvalidArgumentError("It is a number with s, m, h, d or w, such as 24h.")
  return Number(digits) * factor
}

/** From now, or a date: `30d`, `2027-01-31`, `2027-01-31T12:00:00Z`. */
export function toExpiry(text: string): number {
  if (/^\d+[smhdw]$/.test(text)) return Date.now() + toDurationMs(text)
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw new InvalidArgumentError("It is a time from now such as 30d, or a date such as 2027-01-31.")
  return at
}

export function toList(text: string, before: readonly string[] = []): readonly string[] {
  const parts = text.split(",").map((part) => part.trim())
  return [...before, ...parts.filter((part) => part !== "")]
}

export function toClear(text: string, before: readonly string[] = []): readonly string[] {
  const names = toList(text)
  const unknown = names.find((name) => !clearable.includes(name))
  if (unknown !== undefined) throw new InvalidArgumentError(`It is one of ${clearable.join(", ")}; "${unknown}" is not.`)
  return [...before, ...names]
}

export function toNumber(text: string): number {
  const number = Number(text)
  if (text.trim() === "" || !Number.isFinite(number)) throw new InvalidArgumentError("It is a number.")
  return number
}

export function toJsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown> // an object
  } catch {
    // said below
  }
  throw new InvalidArgumentError(`It is a JSON object such as '{"owner":"mail@example.com"}'.`)
}
