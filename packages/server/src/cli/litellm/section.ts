// One map of LiteLLM's configuration: typed access to its members, and which of them nobody has read.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { Report } from "./report.ts"

const reference = /^os\.environ\/(\w+)$/

/** The variable that a value of LiteLLM's refers to. */
export function variableIn(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? reference.exec(value)?.[1] : undefined
}

/** Every variable that is named anywhere in it. */
export function variablesIn(value: JsonValue): string[] {
  const name = variableIn(value)
  if (name !== undefined) return [name]
  return typeof value === "object" && value !== null ? (Object.values(value) as JsonValue[]).flatMap(variablesIn) : []
}

/** Text that Perdure's loader reads back as it is. */
export function literal(text: string): string {
  return text.replaceAll("${", () => "$${")
}

export class Section {
  readonly value: JsonObject
  readonly path: string
  readonly report: Report
  readonly #unread: Set<string>

  constructor(value: JsonValue | undefined, path: string, report: Report) {
    this.value = isJsonObject(value) ? value : {}
    this.path = path
    this.report = report
    this.#unread = new Set(Object.keys(this.value))
  }

  at(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`
  }

  has(key: string): boolean {
    return this.value[key] !== undefined && this.value[key] !== null
  }

  /** Members that nothing has asked for; empty ones say nothing. */
  unread(): string[] {
    return [...this.#unread].filter((key) => this.has(key))
  }

  take(key: string): JsonValue | undefined {
    this.#unread.delete(key)
    return this.value[key] ?? undefined
  }

  /** As text of Perdure's configuration: a reference becomes `${NAME}`. */
  text(key: string): string | undefined {
    const value = this.take(key)
    const name = variableIn(value)
    if (name !== undefined) {
      this.report.wants(name, this.at(key))
      return `\${${name}}`
    }
    if (typeof value === "string") return value === "" ? undefined : literal(value)
    return typeof value === "number" ? String(value) : undefined
  }

  number(key: string): number | undefined {
    const value = this.take(key)
    if (value === undefined) return undefined
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
    if (typeof number === "number" && Number.isFinite(number)) return number
    const name = variableIn(value)
    if (name !== undefined) this.left(key, `its number comes from the variable ${name}`, "Write the number into the new configuration.")
    else this.left(key, "it is not a number")
    return undefined
  }

  /** At least 1 and whole, as limits are. */
  count(key: string): number | undefined {
    const number = this.number(key)
    if (number === undefined) return undefined
    if (number >= 1) return Math.round(number)
    this.left(key, "it is less than 1")
    return undefined
  }

  /** LiteLLM counts in seconds. */
  milliseconds(key: string): number | undefined {
    const seconds = this.number(key)
    if (seconds === undefined) return undefined
    if (seconds > 0 && seconds <= 86_400) return Math.max(1, Math.round(seconds * 1_000))
    this.left(key, "it is no time between nothing and a day")
    return undefined
  }

  flag(key: string): boolean | undefined {
    const value = this.take(key)
    if (value === undefined || typeof value === "boolean") return value
    return value === 1 || (typeof value === "string" && /^(?:true|yes|on|1)$/i.test(value))
  }

  list(key: string): readonly JsonValue[] {
    const value = this.take(key)
    if (value === undefined) return []
    return Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  }

  words(key: string): string[] {
    return this.list(key).filter((each) => typeof each === "string")
  }

  section(key: string): Section {
    return new Section(this.take(key), this.at(key), this.report)
  }

  left(key: string, why: string, instead?: string): void {
    this.report.add("left-out", this.at(key), why, instead)
  }

  differs(key: string, why: string, instead?: string): void {
    this.report.add("differs", this.at(key), why, instead)
  }
}
