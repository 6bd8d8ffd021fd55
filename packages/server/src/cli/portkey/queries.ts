// Queries of Portkey's conditional routing as conditions of routing rules; what has no counterpart is named.
import type { ConfigInput } from "../../config/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

export type When = NonNullable<NonNullable<ConfigInput["routingRules"]>[number]["when"]>
type Condition = NonNullable<When["parameters"]>[string]
type Scalar = string | number | boolean

export class Untranslatable extends Error {}

const alternativesMax = 20

/** Each alternative becomes a rule of its own. */
export function alternativesOf(query: JsonValue | undefined): When[] {
  if (!isJsonObject(query)) throw new Untranslatable("its query is no object")
  let found: When[] = [{}]
  for (const [key, value] of Object.entries(query)) {
    const next = key === "$or" ? parts(value).flatMap(alternativesOf) : key === "$and" ? allOf(parts(value)) : [whenOf(key, value)]
    found = found.flatMap((each) => next.map((other) => merged(each, other)))
    if (found.length > alternativesMax) throw new Untranslatable("it has too many alternatives")
  }
  return found
}

function allOf(queries: readonly JsonValue[]): When[] {
  let found: When[] = [{}]
  for (const query of queries) found = found.flatMap((each) => alternativesOf(query).map((other) => merged(each, other)))
  return found
}

function parts(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new Untranslatable("$and and $or want lists")
  return value as readonly JsonValue[]
}

const endpoints: Readonly<Record<string, NonNullable<When["endpoints"]>[number]>> = {
  "/v1/chat/completions": "chat",
  "/v1/completions": "completions",
  "/v1/messages": "messages",
  "/v1/responses": "responses",
  "/v1/embeddings": "embeddings",
  "/v1/images/generations": "images",
  "/v1/moderations": "moderations",
  "/v1/rerank": "rerank",
}

function whenOf(key: string, value: JsonValue | undefined): When {
  const [, where = "", name = ""] = /^(metadata|params|url)\.(.+)$/.exec(key) ?? []
  if (where === "") throw new Untranslatable(`it looks at ${JSON.stringify(key)}`)
  if (where === "params" && name === "model") return { models: texts(value, key) }
  if (where === "metadata") return { metadata: { [name]: conditionOf(value) } }
  if (where === "params") return { parameters: { [name]: conditionOf(value) } }
  const found = texts(value, key).map((path) => endpoints[path])
  if (found.includes(undefined)) throw new Untranslatable("it names a path that no rule looks at")
  return { endpoints: found.filter((each) => each !== undefined) }
}

/** Equal to one of these. */
function texts(value: JsonValue | undefined, key: string): string[] {
  const condition = conditionOf(value)
  const list: readonly unknown[] = Array.isArray(condition) ? condition : [condition]
  if (!list.every((each) => typeof each === "string")) throw new Untranslatable(`it compares ${key} by other than $eq and $in`)
  return [...list]
}

function conditionOf(value: JsonValue | undefined): Condition {
  if (!isJsonObject(value)) return scalar(value)
  const entries = Object.entries(value)
  const [first] = entries
  if (entries.length === 1 && first?.[0] === "$eq") return scalar(first[1])
  if (entries.length === 1 && first?.[0] === "$in") return list(first[1])
  if (entries.length === 0) throw new Untranslatable("a condition says nothing")
  return Object.assign({}, ...entries.map(([operator, operand]) => testOf(operator, operand))) as Exclude<Condition, Scalar | Scalar[]> // members of one test
}

function testOf(operator: string, operand: JsonValue | undefined): JsonObject {
  if (operator === "$ne") return { not: scalar(operand) }
  if (operator === "$nin") return { not: list(operand) }
  if (operator === "$regex" && typeof operand === "string") return { matches: operand }
  const bounds: Readonly<Record<string, string>> = { $gt: "above", $gte: "atLeast", $lt: "below", $lte: "atMost" }
  const bound = bounds[operator]
  const number = typeof operand === "string" ? Number.parseFloat(operand) : operand
  if (bound !== undefined && typeof number === "number" && Number.isFinite(number)) return { [bound]: number }
  throw new Untranslatable(`it uses ${operator}`)
}

function scalar(value: JsonValue | undefined): Scalar {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value
  throw new Untranslatable("it compares with what is no text, number or truth value")
}

function list(value: JsonValue | undefined): Scalar[] {
  if (!Array.isArray(value) || value.length === 0) throw new Untranslatable("$in and $nin want lists")
  return (value as readonly JsonValue[]).map(scalar)
}

function merged(one: When, other: When): When {
  return {
    ...one,
    ...other,
    ...(one.models && other.models ? { models: both(one.models, other.models) } : {}),
    ...(one.endpoints && other.endpoints ? { endpoints: both(one.endpoints, other.endpoints) } : {}),
    ...(one.metadata || other.metadata ? { metadata: apart(one.metadata, other.metadata) } : {}),
    ...(one.parameters || other.parameters ? { parameters: apart(one.parameters, other.parameters) } : {}),
  }
}

function both<T>(one: readonly T[], other: readonly T[]): T[] {
  const found = one.filter((each) => other.includes(each))
  if (found.length === 0) throw new Untranslatable("nothing can fit all of it")
  return found
}

function apart(one: When["metadata"] = {}, other: When["metadata"] = {}): NonNullable<When["metadata"]> {
  if (Object.keys(one).some((name) => Object.hasOwn(other, name))) throw new Untranslatable("it tests one value twice")
  return { ...one, ...other }
}
