// Reads what a client says about routing: the `perdure` object of a body, or the header `x-perdure-routing` with the same as JSON.
import { z } from "zod"
import { AppError, type JsonValue } from "../../core/index.ts"
import type { RoutingRequest } from "./types.ts"

const name = z.string().min(1).max(256)
const names = z.array(name).min(1).max(64)
const usd = z.number().min(0).max(100_000)

const routingSchema = z.strictObject({
  order: names.optional(),
  only: names.optional(),
  ignore: names.optional(),
  sort: z.enum(["price", "latency", "throughput"]).optional(),
  max_price: z.strictObject({ prompt: usd.optional(), completion: usd.optional() }).optional(),
  tags: names.optional(),
  region: z.union([name, names]).optional(),
  fallbacks: z.boolean().optional(),
  failover: z.enum(["continue", "off"]).optional(),
})

/** `param`: where it stood, for the error. */
export function parseRouting(value: JsonValue, param = "perdure"): RoutingRequest {
  const parsed = routingSchema.safeParse(value)
  if (!parsed.success) throw invalid(parsed.error, param)
  const { max_price: maxPrice, region, ...rest } = parsed.data
  const regions = typeof region === "string" ? [region] : region
  const given = { ...rest, maxPrice: maxPrice && present(maxPrice), regions }
  return present(given)
}

/** Of the header's text; a client that cannot change the body says it there. */
export function parseRoutingHeader(text: string): RoutingRequest {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue // JSON is JSON
  } catch {
    throw new AppError("invalid_json", 'the header "x-perdure-routing" is not JSON', {
      param: routingHeader,
      hint: 'For example: {"order":["openai"],"fallbacks":false}',
    })
  }
  return parseRouting(value, routingHeader)
}

export const routingHeader = "x-perdure-routing"

function invalid(error: z.ZodError, param: string): AppError {
  const [issue] = error.issues
  const path = [param, ...(issue?.path ?? [])].join(".")
  if (issue?.code === "unrecognized_keys")
    return new AppError(
      "unknown_parameter",
      `"${param}" has no key ${issue.keys.map((key) => JSON.stringify(key.slice(0, 60))).join(", ")}`,
      {
        param: path,
        hint: `It may have: ${allowedIn(param)}.`,
      },
    )
  return new AppError("unsupported_value", `"${path}": ${issue?.message ?? "not what is allowed there"}`, {
    param: path,
    hint: `"${param}" is an object of ${allowedIn(param)}.`,
  })
}

/** What is said of the cache, of a prompt and of experiments stands beside it in a body, and is read elsewhere. */
function allowedIn(param: string): string {
  const read = Object.keys(routingSchema.shape)
  return (param === routingHeader ? read : [...read, "cache", "metadata", "prompt", "subject"]).join(", ")
}

/** Absent instead of undefined. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> } // the same without what is undefined
}
