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
  /** The operation that a request asked for, as `POST /responses`; undefined where OpenAI has none there. */
  readonly operationOf: (method: string, path: string) => string | undefined
  /** What it answers, whole or one event of its stream; undefined where the description has no schema for it. */
  readonly answerProblems: (operation: string, kind: AnswerKind, value: unknown) => string[] | undefined
}

export type AnswerKind = "application/json" | "text/event-stream"

interface Description {
  components: { schemas: Record<string, { properties?: { type?: { enum?: string[] } } }> }
  paths: Record<string, Record<string, { responses?: Record<string, { content?: Partial<Record<AnswerKind, { schema?: object }>> }> }>>
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
  const problems = (schema: string, value: unknown): string[] => problemsAt(`/components/schemas/${schema}`, value)
  const problemsAt = (pointer: string, value: unknown): string[] => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `openai.json#${pointer}` })
    compiled.set(pointer, validate)
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
    operationOf: (method, path) => operationOf(document, method, path),
    answerProblems: (operation, kind, value) => {
      const pointer = answerPointer(document, operation, kind)
      return pointer === undefined ? undefined : problemsAt(pointer, value)
    },
  }
}

/** Plain paths before those with parameters: `/responses/compact` is no response. */
function operationOf({ paths }: Description, method: string, path: string): string | undefined {
  const plain = path.replace(/^\/v1/, "")
  const fits = (template: string): boolean => new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(plain)
  const templates = Object.keys(paths).filter((template) => paths[template]?.[method.toLowerCase()] !== undefined)
  const found = templates.includes(plain) ? plain : templates.find(fits)
  return found === undefined ? undefined : `${method} ${found}`
}

function answerPointer({ paths }: Description, operation: string, kind: AnswerKind): string | undefined {
  const [method = "", template = ""] = operation.split(" ")
  const responses = paths[template]?.[method.toLowerCase()]?.responses ?? {}
  const status = ["200", "201"].find((each) => responses[each]?.content?.[kind]?.schema !== undefined)
  if (status === undefined) return undefined
  const escaped = (part: string): string => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))
  return `/paths/${escaped(template)}/${method.toLowerCase()}/responses/${status}/content/${escaped(kind)}/schema`
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
