// OpenAI's published description as a validator, where a copy of it lies beside the repository.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const path = join(import.meta.dirname, "../../../../../shared/openapi/openai.json")

/** Why tests that need the description skip; undefined where it is there. */
export const openAiSchemaMissing: string | undefined = existsSync(path) ? undefined : `no OpenAI description at ${path}`

/** Problems as text; empty when the value is valid. */
export interface OpenAiSchema {
  readonly problems: (schema: string, value: unknown) => string[]
  /** Against the schema of the event's own type. */
  readonly eventProblems: (event: { readonly type: string }) => string[]
}

interface Description {
  components: { schemas: Record<string, { properties?: { type?: { enum?: string[] } } }> }
}

export function loadOpenAiSchema(): OpenAiSchema {
  const document = JSON.parse(readFileSync(path, "utf8")) as Description // OpenAI's own file
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false, logger: false })
  ajv.addSchema({ $id: "openai.json", ...(relaxed(document) as object) })
  const byType = new Map(
    Object.entries(document.components.schemas).flatMap(([name, { properties }]) =>
      /^Response.*Event$/.test(name) && properties?.type?.enum?.[0] ? [[properties.type.enum[0], name] as const] : [],
    ),
  )
  const compiled = new Map<string, ValidateFunction>()
  const problems = (schema: string, value: unknown): string[] => {
    const validate = compiled.get(schema) ?? ajv.compile({ $ref: `openai.json#/components/schemas/${schema}` })
    compiled.set(schema, validate)
    return validate(value)
      ? []
      : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)}`)
  }
  return {
    problems,
    eventProblems: (event) => {
      const name = byType.get(event.type)
      return name === undefined ? [`no event of type ${event.type}`] : problems(name, event)
    },
  }
}

/**
 * `oneOf` counts as `anyOf`: many of its alternatives overlap, and tools read the `discriminator`, which JSON Schema does not know.
 * `nullable` is of an older OpenAPI, and stands beside references too, where it means nothing.
 */
function relaxed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(relaxed)
  if (typeof node !== "object" || node === null) return node
  const { nullable, ...rest } = node as Record<string, unknown>
  const schema = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key === "oneOf" ? "anyOf" : key, relaxed(value)]))
  return nullable === true ? { anyOf: [schema, { type: "null" }] } : schema
}
