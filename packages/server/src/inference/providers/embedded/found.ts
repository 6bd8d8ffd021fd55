// A piece of text that was found, with its place; and one property of a schema, for which pieces are looked for.
import type { JsonObject } from "../../../core/index.ts"

export interface Found<T = string> {
  value: T
  start: number
  end: number
}

/** One property of an argument schema as the readers need it. */
export interface Property {
  name: string
  schema: JsonObject
  types: ReadonlySet<string>
  description: string | null
  required: boolean
  /** The only required string: it may take more freely. */
  alone: boolean
}
