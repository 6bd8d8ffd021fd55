// Which members an object of a request may have at a path, read from its schema, for errors that name them.
import { z } from "zod"

/** The part of JSON Schema that our schemas give. */
interface SchemaNode {
  $ref?: string
  $defs?: Record<string, SchemaNode>
  properties?: Record<string, SchemaNode>
  additionalProperties?: SchemaNode | boolean
  items?: SchemaNode
  anyOf?: SchemaNode[]
  oneOf?: SchemaNode[]
  allOf?: SchemaNode[]
}

/** Made once per schema: clients may send what is unknown as often as they like. */
const roots = new WeakMap<z.ZodType, SchemaNode>()

/** Empty where the schema does not tell. */
export function knownMembers(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const root = rootOf(schema)
  let nodes = variantsOf(root, root)
  for (const key of path) nodes = nodes.flatMap((node) => variantsOf(childOf(node, key), root))
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))]
}

function rootOf(schema: z.ZodType): SchemaNode {
  const known = roots.get(schema)
  if (known) return known
  const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as SchemaNode // we only read the members above
  roots.set(schema, made)
  return made
}

function childOf({ properties, additionalProperties, items }: SchemaNode, key: PropertyKey): SchemaNode | undefined {
  if (typeof key === "number") return items
  return properties?.[String(key)] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined)
}

/** The node itself, or what it refers to or is one of. */
function variantsOf(node: SchemaNode | undefined, root: SchemaNode): SchemaNode[] {
  if (node === undefined) return []
  const named = node.$ref === undefined ? undefined : root.$defs?.[node.$ref.replace("#/$defs/", "")]
  const others = [...(named ? [named] : []), ...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]
  return others.length === 0 ? [node] : [node, ...others.flatMap((other) => variantsOf(other, root))]
}
