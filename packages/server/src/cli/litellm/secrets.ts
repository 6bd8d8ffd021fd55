// Secrets of LiteLLM's configuration as references: one that stands in the file itself is given the name of a variable and never written.
import type { JsonValue } from "../../core/index.ts"
import type { Report } from "./report.ts"
import { variableIn } from "./section.ts"

export type Reference = { env: string } | { file: string }

/** What people write where a server of their own wants any key. */
const noKeys =
  /^(?:none|null|empty|not[-_ ]?needed|no[-_ ]?key(?:[-_ ]?required)?|dummy|fake(?:[-_]?key)?|anything|x+|sk-no-key-required|ollama|lm-studio)$/i

export class Secrets {
  readonly #report: Report
  readonly #taken: Set<string>
  readonly #named = new Map<string, string>()

  /** `taken`: variables that have a meaning already. */
  constructor(report: Report, taken: readonly string[]) {
    this.#report = report
    this.#taken = new Set(taken)
  }

  /** Undefined where there is none, or only a word in its place. */
  reference(value: JsonValue | undefined, path: string, name: string): Reference | undefined {
    const variable = variableIn(value)
    if (variable !== undefined) return this.variable(variable, path)
    if (value === undefined || value === null || value === "") return undefined
    if (typeof value === "string" && noKeys.test(value)) return undefined
    return this.#moved(typeof value === "string" ? value : JSON.stringify(value), path, name)
  }

  variable(name: string, path: string): Reference {
    this.#report.wants(name, path)
    return { env: name }
  }

  #moved(text: string, path: string, name: string): Reference {
    const variable = this.#named.get(text) ?? this.#free(name)
    this.#named.set(text, variable)
    this.#report.wants(variable, path, true)
    return { env: variable }
  }

  #free(name: string): string {
    const plain = name
      .toUpperCase()
      .replaceAll(/\W/g, "_")
      .replace(/^(?=\d)/, "_")
    let free = plain
    for (let number = 2; this.#taken.has(free); number += 1) free = `${plain}_${number}`
    this.#taken.add(free)
    return free
  }
}
