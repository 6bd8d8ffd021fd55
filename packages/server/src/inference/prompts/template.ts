// Texts with variables: `{{name}}` stands for a value, `\{{` for two braces, and there is nothing else.
import { AppError, isJsonObject, type JsonValue } from "../../core/index.ts"

const variableName = "[A-Za-z_][A-Za-z0-9_.-]{0,63}"
const places = new RegExp(`\\\\\\{\\{|\\{\\{\\s*(${variableName})\\s*\\}\\}|\\{\\{`, "g")

/** The names that a text needs values for, in order; a `{{` that begins no variable is refused with its place. */
export function variablesOf(text: string, param: string): string[] {
  const names = new Set<string>()
  for (const match of text.matchAll(places)) {
    if (match[1] !== undefined) names.add(match[1])
    else if (match[0] === "{{")
      throw new AppError("invalid_request", `"${param}": ${JSON.stringify(text.slice(match.index, match.index + 30))} is no variable`, {
        param,
        hint: "Variables are {{name}}, with letters, digits, dots, dashes and underscores; there are no conditions or loops. Write \\{{ for two braces.",
      })
  }
  return [...names]
}

/** One pass: what a value contains is never read as a variable. */
export function rendered(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(places, (place: string, name: string | undefined) => (name === undefined ? "{{" : (values.get(name) ?? place)))
}

/** At most what the rendered text will have. */
export function renderedBytes(text: string, values: ReadonlyMap<string, string>): number {
  let sizeBytes = Buffer.byteLength(text)
  for (const [, name] of text.matchAll(places)) if (name !== undefined) sizeBytes += Buffer.byteLength(values.get(name) ?? "")
  return sizeBytes
}

/** The values of a request for exactly the wanted names; `where` names the parameter in errors. */
export function valuesFor(
  wanted: readonly string[],
  given: JsonValue | undefined,
  { prompt, where }: { prompt: string; where: string },
): Map<string, string> {
  if (given !== undefined && given !== null && !isJsonObject(given))
    throw new AppError("invalid_type", `"${where}" must be an object of values by variable`, { param: where })
  const all = isJsonObject(given) ? given : {}
  const unknown = Object.keys(all).find((name) => !wanted.includes(name))
  if (unknown !== undefined)
    throw new AppError("unknown_parameter", `the prompt ${prompt} has no variable "${unknown}"`, {
      param: `${where}.${unknown}`,
      hint: wanted.length === 0 ? "It has no variables." : `It has ${wanted.join(", ")}.`,
    })
  return new Map(
    wanted.map((name) => [name, valueOf(Object.hasOwn(all, name) ? all[name] : undefined, { prompt, param: `${where}.${name}`, name })]),
  )
}

function valueOf(value: JsonValue | undefined, { prompt, param, name }: { prompt: string; param: string; name: string }): string {
  if (typeof value === "string") return value
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  // OpenAI's clients may send a text as an input part.
  if (isJsonObject(value) && value["type"] === "input_text" && typeof value["text"] === "string") return value["text"]
  if (value === undefined) throw new AppError("missing_required_parameter", `the prompt ${prompt} needs a value for "${name}"`, { param })
  throw new AppError("invalid_type", `the variable "${name}" must be a text, a number, true or false`, { param })
}
