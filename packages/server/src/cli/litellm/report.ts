// What became of a LiteLLM configuration: what was translated otherwise, what could not be, what is not needed, which variables are wanted.

/** `differs`: translated, but it will not behave the same. `left-out`: not translated. `not-needed`: Perdure does it anyway. */
export type Outcome = "differs" | "left-out" | "not-needed"

export interface ReportEntry {
  outcome: Outcome
  /** Where it stands in LiteLLM's file; several where the same is said of each. */
  paths: string[]
  why: string
  /** What to do in its place. */
  instead?: string
}

export interface WantedVariable {
  name: string
  /** The file had the secret itself: it has to be moved into this variable. */
  moved: boolean
  paths: string[]
}

export class Report {
  readonly #entries = new Map<string, ReportEntry>()
  readonly #variables = new Map<string, WantedVariable>()

  get entries(): ReportEntry[] {
    return [...this.#entries.values()]
  }

  get variables(): WantedVariable[] {
    return [...this.#variables.values()]
  }

  add(outcome: Outcome, path: string, why: string, instead?: string): void {
    const key = JSON.stringify([outcome, why, instead])
    const known = this.#entries.get(key)
    if (known) known.paths.push(path)
    else this.#entries.set(key, { outcome, paths: [path], why, ...(instead === undefined ? {} : { instead }) })
  }

  wants(name: string, path: string, moved = false): void {
    const known = this.#variables.get(name)
    if (!known) this.#variables.set(name, { name, moved, paths: [path] })
    else {
      known.moved ||= moved
      if (!known.paths.includes(path)) known.paths.push(path)
    }
  }
}
