// What schemas of requests are made of: a schema that is chosen by the value, texts, objects, items of any type.
import { z } from "zod"
import type { JsonValue } from "../../../core/index.ts"

/** A schema that depends on the value, so that the error names the one field that is wrong instead of a list of alternatives. */
export function chosen<Out>(pick: (value: unknown) => z.ZodType<Out>): z.ZodType<Out> {
  return z.unknown().transform((value, context): Out => {
    const result = pick(value).safeParse(value)
    if (result.success) return result.data
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue)
    return z.NEVER
  })
}

export const text = z.string()
export const json = z.custom<JsonValue>(() => true) // the body came from JSON
export const object = z.record(z.string(), json)

export function typeOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "type" in value ? value.type : undefined
}

/** The schema for the value's type; a type such as "constructor" has none, although every object has a member of that name. */
export function schemaOf<Schema>(schemas: Readonly<Record<string, Schema>>, value: unknown): Schema | undefined {
  const type = typeOf(value)
  return typeof type === "string" && Object.hasOwn(schemas, type) ? schemas[type] : undefined
}

export const anyItem = z.looseObject({ type: text })
