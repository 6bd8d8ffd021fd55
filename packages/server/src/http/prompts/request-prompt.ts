// Which prompt a request asks for: in its `perdure` object, or in the `prompt` of a response.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { PromptReference } from "../../inference/index.ts"

export type PromptPlace = "perdure.prompt" | "prompt"

/** As the request has it: an experiment may say which prompt the variables are for. */
export interface AskedPrompt extends Omit<PromptReference, "name"> {
  readonly name: string | undefined
  readonly where: PromptPlace
}

/** Undefined where the request asks for none. */
export function askedPrompt(body: JsonObject, where: PromptPlace): AskedPrompt | undefined {
  const holder = where === "prompt" ? body : body["perdure"]
  const given = isJsonObject(holder) ? holder["prompt"] : undefined
  return given === undefined || given === null ? undefined : referenceOf(given, where)
}

/** Where no experiment says which prompt it is, the request must. */
export function namedReference(asked: AskedPrompt): PromptReference {
  const { name, where } = asked
  if (name !== undefined) return { ...asked, name }
  throw new AppError("missing_required_parameter", `"${where}.id" must be the name of a prompt`, {
    param: `${where}.id`,
    hint: "GET /v1/prompts lists them.",
  })
}

function referenceOf(given: JsonValue, where: PromptPlace): AskedPrompt {
  if (!isJsonObject(given))
    throw new AppError("invalid_type", `"${where}" must be an object`, {
      param: where,
      hint: `Such as {"id": "support", "variables": {"name": "Ada"}}.`,
    })
  const { id, version, label, variables, ...others } = given
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw new AppError("unknown_parameter", `"${where}.${other}" is not a parameter here`, {
      param: `${where}.${other}`,
      hint: "A prompt has id, version or label, and variables.",
    })
  if (id !== undefined && (typeof id !== "string" || id === ""))
    throw new AppError("invalid_type", `"${where}.id" must be the name of a prompt`, {
      param: `${where}.id`,
      hint: "GET /v1/prompts lists them.",
    })
  if (isGiven(version) && isGiven(label))
    throw new AppError("invalid_request", `"${where}" has a version and a label`, { param: `${where}.label`, hint: "Send one of them." })
  return { name: id, version: versionOf(version, `${where}.version`) ?? versionOf(label, `${where}.label`), variables, where }
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null
}

function versionOf(value: JsonValue | undefined, param: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === "string" || typeof value === "number") return String(value)
  throw new AppError("invalid_type", `"${param}" must be a text`, { param })
}
