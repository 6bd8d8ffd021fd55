// Attributes of spans, read from JSON of which nothing is certain.
import type { AttributeValue, RunSummary } from "./span.ts"

export type Fields = Readonly<Record<string, unknown>>

/** Which version of a prompt and which variant of an experiment a run used, and by which rule its model was chosen. */
export function chosenAttributes({ input, metadata }: RunSummary): Record<string, AttributeValue> {
  const given = { ...fieldsOf(input), ...fieldsOf(metadata) }
  const [prompt, experiment, rule] = [fieldsOf(given["prompt"]), fieldsOf(given["experiment"]), fieldsOf(given["rule"])]
  return {
    ...present("perdure.prompt.name", text(prompt["id"])),
    ...present("perdure.prompt.version", text(prompt["version"])),
    ...present("perdure.experiment.name", text(experiment["name"])),
    ...present("perdure.experiment.variant", text(experiment["variant"])),
    ...present("perdure.rule.name", text(rule["name"])),
    ...present("perdure.rule.asked", text(rule["asked"])),
  }
}

/** By the names that collectors can filter by: `perdure.metadata.customer`. */
export function saidAttributes({ tags = [], requestMetadata = {} }: RunSummary): Record<string, AttributeValue> {
  const said = Object.entries(requestMetadata).flatMap(([name, value]) => {
    const listed = Array.isArray(value) ? value.map(String) : value
    const isPlain = Array.isArray(listed) || ["string", "number", "boolean"].includes(typeof listed)
    return isPlain ? [[`perdure.metadata.${name}`, listed as AttributeValue] as const] : [] // looked at just before
  })
  return { ...(tags.length > 0 ? { "perdure.tags": tags } : {}), ...Object.fromEntries(said) }
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined
}

export function present(name: string, value: string | number | undefined): Record<string, AttributeValue> {
  return value === undefined ? {} : { [name]: value }
}
