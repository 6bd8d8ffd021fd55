// How one dialect has the parameters that every dialect is told.
import type { JsonValue } from "../../core/index.ts"

/** The members at the top of a request. */
export interface TopLevel {
  has(name: string): boolean
  value(name: string): JsonValue | undefined
}

/** `null` says nothing. */
export function isGiven(top: TopLevel, name: string): boolean {
  return top.has(name) && top.value(name) !== null
}

/** New values by name; undefined takes a member out. */
export type ParameterChanges = ReadonlyMap<string, JsonValue | undefined>

export interface Asked {
  top: TopLevel
  isOverride: boolean
}

export interface Way {
  /** What it is called there, the name that is written first; none where the dialect has nothing for it. */
  namesOf(name: string): readonly string[]
  /** Whether the model takes it in this request. */
  takes(name: string, asked: Asked): boolean
  /** Where it becomes something else than one member of that name. */
  fieldsOf?(name: string, value: JsonValue, asked: Asked): ParameterChanges | undefined
  /** Names that are looked at beside those that are set. */
  further: readonly string[]
}
