// Attribute filters of a search: comparisons, and their nesting by `and` and `or`.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

export type ComparisonOperator = "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "in" | "nin"
export type AttributeValue = string | number | boolean

export interface ComparisonFilter {
  type: ComparisonOperator
  key: string
  value: AttributeValue | readonly AttributeValue[]
}
export interface CompoundFilter {
  type: "and" | "or"
  filters: readonly AttributeFilter[]
}
export type AttributeFilter = ComparisonFilter | CompoundFilter

const depthMax = 8
const comparisonsMax = 256
const operators: readonly string[] = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]

/** Reads a filter from a request; refuses what it does not know, naming the place in it. */
export function parseFilter(value: unknown, path = "filters"): AttributeFilter {
  let comparisons = 0
  const parse = (input: unknown, at: string, depth: number): AttributeFilter => {
    if (depth > depthMax) throw bad(at, `Filters are nested deeper than ${depthMax} levels.`)
    if (!isJsonObject(input)) throw bad(at, "A filter is an object with `type`.")
    const type = input["type"]
    if (type === "and" || type === "or") {
      const filters = input["filters"]
      if (!Array.isArray(filters) || filters.length === 0)
        throw bad(`${at}.filters`, `A filter of type \`${type}\` needs a list \`filters\`.`)
      return { type, filters: filters.map((filter, index) => parse(filter, `${at}.filters[${index}]`, depth + 1)) }
    }
    if (++comparisons > comparisonsMax) throw bad(at, `A filter has at most ${comparisonsMax} comparisons.`)
    return parseComparison(input, at)
  }
  return parse(value, path, 1)
}

function parseComparison(input: JsonObject, at: string): ComparisonFilter {
  const { type, key, value } = input
  if (typeof type !== "string" || !operators.includes(type)) {
    throw bad(`${at}.type`, `Filter type ${JSON.stringify(type ?? null)} is unknown. Allowed: ${operators.join(", ")}, and, or.`)
  }
  if (typeof key !== "string" || key === "") throw bad(`${at}.key`, "A comparison needs the attribute's name in `key`.")
  const operator = type as ComparisonOperator // checked against the list above
  const isList = operator === "in" || operator === "nin"
  if (isList ? Array.isArray(value) && value.every(isAttributeValue) : isAttributeValue(value)) {
    return { type: operator, key, value: value as ComparisonFilter["value"] } // narrowed by the condition, which TypeScript cannot follow
  }
  throw bad(
    `${at}.value`,
    `The value for \`${operator}\` must be ${isList ? "a list of strings, numbers or booleans" : "a string, a number or a boolean"}.`,
  )
}

/** Whether a file with those attributes passes. A missing attribute differs from every value and is neither above nor below one. */
export function matches(filter: AttributeFilter, attributes: JsonObject): boolean {
  if ("filters" in filter) {
    const test = (inner: AttributeFilter): boolean => matches(inner, attributes)
    return filter.type === "and" ? filter.filters.every(test) : filter.filters.some(test)
  }
  return compare(filter, attributes[filter.key])
}

function compare({ type, value }: ComparisonFilter, actual: JsonValue | undefined): boolean {
  switch (type) {
    case "eq":
      return actual === value
    case "ne":
      return actual !== value
    case "in":
      return Array.isArray(value) && value.includes(actual)
    case "nin":
      return Array.isArray(value) && !value.includes(actual)
    default:
      return ordered(type, actual, value)
  }
}

function ordered(type: "gt" | "gte" | "lt" | "lte", actual: JsonValue | undefined, value: ComparisonFilter["value"]): boolean {
  const order =
    typeof actual === "number" && typeof value === "number"
      ? actual - value
      : typeof actual === "string" && typeof value === "string"
        ? actual === value
          ? 0
          : actual < value
            ? -1
            : 1
        : undefined
  if (order === undefined) return false
  if (type === "gt") return order > 0
  if (type === "gte") return order >= 0
  return type === "lt" ? order < 0 : order <= 0
}

function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
}

function bad(param: string, message: string): AppError {
  return new AppError("invalid_request", message, { param })
}
