// Request bodies of the API: bytes to checked values, or an error that names the place.
import type { Context } from "hono"
import type { z } from "zod"
import { didYouMean } from "../config/index.ts"
import { AppError, isJsonObject, messageOf, type JsonObject } from "../core/index.ts"
import type { HttpEnv } from "./env.ts"
import { isNestedTooDeep, jsonDepthMax } from "./json-depth.ts"
import { knownMembers } from "./known-members.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The body as a JSON object; an empty body is an empty object where `emptyAllowed`. */
export async function readJsonObject(context: Context<HttpEnv>, options: { emptyAllowed?: boolean } = {}): Promise<JsonObject> {
  const bytes = await context.req.arrayBuffer()
  if (bytes.byteLength === 0 && options.emptyAllowed) return {}
  return parseJsonObject(new Uint8Array(bytes))
}

/** The body checked by `schema`; what does not fit is `invalid_type` (or a closer code) with the path as `param`. */
export async function readBody<Schema extends z.ZodType>(context: Context<HttpEnv>, schema: Schema): Promise<z.output<Schema>> {
  return checked(schema, await readJsonObject(context))
}

/** The query string checked by `schema`. */
export function readQuery<Schema extends z.ZodType>(context: Context<HttpEnv>, schema: Schema): z.output<Schema> {
  return checked(schema, context.req.query())
}

/** Bytes of a request body to an object; refuses invalid UTF-8, malformed JSON and other types. */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  const value = parseJson(bytes)
  if (!isJsonObject(value)) {
    throw new AppError("invalid_type", `the request body is ${kindOf(value)}, but must be a JSON object`, {
      hint: 'Send an object such as {"model": "…"}.',
    })
  }
  return value
}

export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw schemaError(result.error, schema, value)
}

/** The first problem that zod found, as an error of the published codes. */
export function schemaError(error: z.ZodError, schema: z.ZodType, value?: unknown): AppError {
  const [first] = error.issues
  if (!first) return new AppError("invalid_request", "the request is not valid")
  const issue = closest(first)
  const param = pathText(issue.path)
  const named = param === "" ? "the request" : `"${param}"`
  if (issue.code === "unrecognized_keys") return unknownParameter(String(issue.keys[0]), param, knownMembers(schema, issue.path))
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined")
  if (missing)
    return new AppError("missing_required_parameter", `${named} is missing`, {
      param,
      hint: `It must be ${kindWords[String(issue.expected)] ?? String(issue.expected)}.`,
    })
  const code = issue.code === "invalid_type" ? "invalid_type" : issue.code === "invalid_value" ? "unsupported_value" : "invalid_request"
  return new AppError(code, `${named}${choiceComplaint(issue, value) ?? complaintOf(issue)}`, param === "" ? {} : { param })
}

/** Of a value that may be one of several things: what is wrong with it as the one that it is most like, where there is one. */
function closest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue
  const alike = issue.errors.filter(([first]) => first && !(first.code === "invalid_type" && first.path.length === 0))
  const fewest = Math.min(...alike.map(({ length }) => length))
  const [[first] = [], another] = alike.filter(({ length }) => length === fewest)
  return first === undefined || another !== undefined ? issue : closest({ ...first, path: [...issue.path, ...first.path] })
}

/** Names what is near it, else all that there is. */
function unknownParameter(name: string, within: string, known: readonly string[]): AppError {
  const near = didYouMean(name, known)
  const hint = near !== undefined ? `Did you mean "${near}"?` : known.length === 0 ? "Remove it." : `There are: ${known.join(", ")}.`
  const param = within === "" ? name : `${within}.${name}`
  return new AppError("unknown_parameter", `"${param}" is not a parameter here`, { param, hint })
}

/** Of a value that is none of those allowed: it, and them. */
function choiceComplaint(issue: z.core.$ZodIssue, body: unknown): string | undefined {
  const allowed = /^Invalid (?:option|discriminator value)[:.] expected (?:one of )?(.+)$/i.exec(issue.message)?.[1]
  if (allowed === undefined) return undefined
  const value = issue.path.reduce<unknown>((within, key) => (isRecord(within) ? within[key] : undefined), body)
  const told = typeof value === "string" ? ` is ${JSON.stringify(value.slice(0, 60))}, but` : ""
  return `${told} must be one of ${allowed.replaceAll("'", '"').replaceAll(/ ?\| ?/g, ", ")}`
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null
}

const kindWords: Record<string, string> = {
  array: "an array",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a string",
}

/** Zod's message in the words of this API, where it has a shape that occurs often. */
function complaintOf(issue: z.core.$ZodIssue): string {
  if (!/^(?:Invalid input|Too small|Too big)/.test(issue.message)) return `: ${issue.message}` // the schema's own words
  if (issue.code === "invalid_type") return ` must be ${kindWords[issue.expected] ?? issue.expected}`
  if (issue.code === "too_small" && issue.origin === "string" && issue.minimum === 1) return " must not be empty"
  if (issue.code === "too_small" && issue.origin === "array" && issue.minimum === 1) return " must hold at least one item"
  if (issue.code === "too_small" && isCount(issue.origin)) return ` must be at least ${String(issue.minimum)}`
  if (issue.code === "too_big" && issue.origin === "array") return ` must hold at most ${String(issue.maximum)} items`
  if (issue.code === "too_big" && isCount(issue.origin)) return ` must be at most ${String(issue.maximum)}`
  if (issue.code === "invalid_union" && issue.message === "Invalid input") return " has a type or a value that is not taken here"
  return `: ${issue.message}`
}

function isCount(origin: string): boolean {
  return origin === "number" || origin === "int"
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0)
    throw new AppError("invalid_json", "the request body is empty, but must be a JSON object", {
      hint: "Send the body with content-type: application/json.",
    })
  if (isNestedTooDeep(bytes))
    throw new AppError("invalid_json", `the request body has lists and objects in one another more than ${jsonDepthMax} deep`, {
      hint: "Nest it less.",
    })
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new AppError("invalid_json", "the request body is not valid UTF-8", { hint: "Encode the JSON as UTF-8." })
  }
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new AppError("invalid_json", `the request body is not valid JSON: ${messageOf(error)}`, {
      hint: "Check quotes, commas and brackets at that place.",
    })
  }
}

/** `messages[0].content` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`),
    "",
  )
}

function kindOf(value: unknown): string {
  if (value === null) return "null"
  return Array.isArray(value) ? "an array" : `a ${typeof value}`
}
