// What a request wishes of the cache, in its `perdure` object or in headers, and what comes of it with the model's policy.
import { AppError, isJsonObject, type JsonValue, type Limits } from "../../core/index.ts"
import type { CachePolicy } from "./types.ts"

export interface CacheWish {
  mode?: "off" | "exact" | "semantic"
  /** Make the answer anew and keep it. */
  refresh?: true
  /** Neither older answers than this, nor keeping it longer. */
  ttlMs?: number
}

/** What is to be done: nothing at all (`undefined`), nothing but saying so, or a look. */
export type CachePlan = "bypass" | CacheLook | undefined

export interface CacheLook {
  policy: CachePolicy
  read: boolean
  ageMsMax: number
  idempotencyKey?: string
  flightWaitMs?: number
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const words = '"off", "refresh", "exact", "semantic" or { mode, ttlSeconds, refresh }'

/** `field` is `perdure.cache`; it wins over headers. Undefined where the request says nothing. */
export function cacheWish(field: JsonValue | undefined, headers: Headers): CacheWish | undefined {
  const fromHeaders = wishOfHeaders(headers)
  if (field === undefined || field === null) return fromHeaders
  return { ...fromHeaders, ...(isJsonObject(field) ? wishOfObject(field) : wishOfWord(field)) }
}

function wishOfHeaders(headers: Headers): CacheWish | undefined {
  const control = headers["cache-control"]
  const ttl = headers["x-perdure-cache-ttl"]
  if (control === undefined && ttl === undefined) return undefined
  const directives = String(control ?? "")
    .toLowerCase()
    .split(",")
    .map((each) => each.trim())
  const seconds = typeof ttl === "string" && /^\d+$/.test(ttl.trim()) ? Number(ttl) : undefined
  if (ttl !== undefined && seconds === undefined) throw wrong("x-perdure-cache-ttl", "a whole number of seconds", String(ttl))
  return {
    ...(directives.includes("no-store") ? { mode: "off" } : {}),
    ...(directives.includes("no-cache") ? { refresh: true } : {}),
    ...(seconds === undefined ? {} : { ttlMs: seconds * 1000 }),
  }
}

function wishOfWord(word: JsonValue): CacheWish {
  if (word === "refresh") return { refresh: true }
  if (word === "off" || word === "exact" || word === "semantic") return { mode: word }
  throw wrong("perdure.cache", words, word)
}

function wishOfObject({ mode, ttlSeconds, refresh, ...rest }: Readonly<Record<string, JsonValue | undefined>>): CacheWish {
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw wrong(`perdure.cache.${unknown}`, "left out: it is not known", rest[unknown] ?? null)
  if (mode !== undefined && mode !== "off" && mode !== "exact" && mode !== "semantic")
    throw wrong("perdure.cache.mode", '"off", "exact" or "semantic"', mode)
  if (ttlSeconds !== undefined && !(typeof ttlSeconds === "number" && ttlSeconds >= 0))
    throw wrong("perdure.cache.ttlSeconds", "a number of seconds", ttlSeconds)
  if (refresh !== undefined && typeof refresh !== "boolean") throw wrong("perdure.cache.refresh", "true or false", refresh)
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(refresh === true ? { refresh } : {}),
    ...(typeof ttlSeconds === "number" ? { ttlMs: ttlSeconds * 1000 } : {}),
  }
}

function wrong(param: string, allowed: string, value: JsonValue): AppError {
  return new AppError("unsupported_value", `"${param}" must be ${allowed}, not ${JSON.stringify(value).slice(0, 60)}`, { param })
}

/** Where the model has no policy a request may ask for one, but then shares with its own principal only. */
const similarityMinDefault = 0.95

export function cachePlan(
  configured: CachePolicy | undefined,
  wish: CacheWish | undefined,
  { cacheTtlMs }: Pick<Limits, "cacheTtlMs">,
): CachePlan {
  const mode = wish?.mode
  if (mode === "off") return configured ? "bypass" : undefined
  if (!configured && mode === undefined) return undefined
  const base: CachePolicy = configured ?? {
    mode: "exact",
    scope: "principal",
    ttlMs: cacheTtlMs,
    similarityMin: similarityMinDefault,
    temperatureMax: Infinity,
  }
  const policy = mode === undefined ? base : { ...base, mode }
  const ageMsMax = Math.min(wish?.ttlMs ?? Infinity, policy.ttlMs)
  return { policy, read: wish?.refresh !== true, ageMsMax }
}

const keyCharactersMax = 255

/** T16: a request that is sent again under its key is recognised, whether or not the model uses the cache; the first one is waited for. */
export function idempotentLook(
  headers: Headers,
  { idempotentAnswerMs, totalTimeoutMs }: Pick<Limits, "idempotentAnswerMs" | "totalTimeoutMs">,
): CacheLook | undefined {
  const key = headers["idempotency-key"]
  if (typeof key !== "string" || key === "") return undefined
  if (key.length > keyCharactersMax)
    throw new AppError(
      "invalid_request",
      `the header "Idempotency-Key" has ${key.length} characters; at most ${keyCharactersMax} are read`,
      {
        param: "Idempotency-Key",
        hint: "Send a random text, such as a UUID, and the same one when the request is sent again.",
      },
    )
  const policy: CachePolicy = {
    mode: "exact",
    scope: "principal",
    ttlMs: idempotentAnswerMs,
    similarityMin: similarityMinDefault,
    temperatureMax: Infinity,
  }
  return { policy, read: true, ageMsMax: idempotentAnswerMs, idempotencyKey: key, flightWaitMs: totalTimeoutMs }
}
