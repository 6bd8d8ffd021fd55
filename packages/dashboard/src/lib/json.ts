// Reading of JSON whose shape is not ours to know: each look-up may find nothing.

export type JsonRecord = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function field(value: unknown, ...path: (string | number)[]): unknown {
  let at = value
  for (const name of path) {
    if (Array.isArray(at) && typeof name === "number") at = at[name] as unknown
    else if (isRecord(at)) at = at[String(name)]
    else return undefined
  }
  return at
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
