// Paths into the configuration: their written form, reading and writing by path, the JSON Schema at a path.
import { z } from "zod"
import { configSchema } from "./schema.ts"

export type Path = readonly (string | number)[]

/** The part of JSON Schema that our schema gives. */
export interface SchemaNode {
  type?: string
  description?: string
  properties?: Record<string, SchemaNode>
  additionalProperties?: SchemaNode | boolean
  propertyNames?: SchemaNode
  items?: SchemaNode
  anyOf?: SchemaNode[]
  oneOf?: SchemaNode[]
  enum?: (string | number | boolean)[]
  const?: string | number | boolean
  default?: unknown
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
}

/** `models["a b"].deployments[0].model` */
export function formatPath(path: Path): string {
  return path
    .map((key, at) => {
      if (typeof key === "number") return `[${key}]`
      if (!/^[A-Za-z_][\w-]*$/.test(key)) return `[${JSON.stringify(key)}]`
      return at === 0 ? key : `.${key}`
    })
    .join("")
}

export function getAt(value: unknown, path: Path): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string | number, unknown>)[key] // own key of an object, checked above
  }
  return at
}

/** Sets a value at a path of objects, making those that are missing. A value in the way is left alone: the schema reports it. */
export function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = root
  for (const key of path.slice(0, -1)) {
    at[key] ??= {}
    const next = at[key]
    if (typeof next !== "object" || next === null) return
    at = next as Record<string, unknown> // a plain object or list of the user's configuration
  }
  const last = path.at(-1)
  if (last !== undefined) at[last] = value
}

/** Removes the value at a path; from a list the whole list, so that the places of the others do not shift. */
export function removeAt(root: Record<string, unknown>, path: Path): void {
  const target = typeof path.at(-1) === "number" ? path.slice(0, -1) : path
  const parent = getAt(root, target.slice(0, -1))
  const last = target.at(-1)
  if (typeof parent === "object" && parent !== null && last !== undefined) delete (parent as Record<string | number, unknown>)[last] // an object or list, checked
}

/** The configuration as JSON Schema, as a user writes it. */
export const inputJsonSchema = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }) as SchemaNode // we only read the members above

/** What the schema says at a path, or undefined where it has nothing. */
export function schemaAt(path: Path): SchemaNode | undefined {
  let node: SchemaNode | undefined = inputJsonSchema
  for (const key of path) {
    if (node === undefined) return undefined
    const objects = variants(node)
    if (typeof key === "number") node = objects.find((each) => each.items !== undefined)?.items
    else node = objects.map((each) => each.properties?.[key] ?? additional(each)).find((each) => each !== undefined)
  }
  return node
}

/** Keys that an object at a path may have; empty where any key is allowed. */
export function keysAt(path: Path): string[] {
  const node = schemaAt(path)
  const objects = node === undefined ? [] : variants(node)
  return [...new Set(objects.flatMap((each) => Object.keys(each.properties ?? {})))]
}

function variants(node: SchemaNode): SchemaNode[] {
  return [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])]
}

function additional(node: SchemaNode): SchemaNode | undefined {
  return typeof node.additionalProperties === "object" ? node.additionalProperties : undefined
}
