// A filter on attributes as somebody types it: `author = Ada, year >= 2020`; all of it must hold.
import type { AttributeFilter } from "@perdure/client"

export type ReadFilter = { filter: AttributeFilter | undefined; problem: null } | { filter: undefined; problem: string }

const operators = { "=": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte" } as const
const comparison = /^\s*([^=!<>]+?)\s*(!=|>=|<=|=|>|<)\s*(.+?)\s*$/

export function readFilter(text: string): ReadFilter {
  const filters: AttributeFilter[] = []
  for (const part of text.split(",")) {
    if (part.trim() === "") continue
    const [, key, operator, value] = comparison.exec(part) ?? []
    if (key === undefined || operator === undefined || value === undefined)
      return { filter: undefined, problem: `“${part.trim()}” is no comparison. Write a name, one of = != > >= < <=, and a value.` }
    filters.push({ type: operators[operator as keyof typeof operators], key, value: valueOf(value) })
  }
  const [first] = filters
  return { filter: filters.length > 1 ? { type: "and", filters } : first, problem: null }
}

/** Numbers and truth are what they look like; quotes make a text of anything. */
function valueOf(text: string): string | number | boolean {
  const quoted = /^"(.*)"$/.exec(text)
  if (quoted) return quoted[1] ?? ""
  if (text === "true" || text === "false") return text === "true"
  const number = Number(text)
  return Number.isFinite(number) ? number : text
}
