// Refusals of one deployment (403), by whom they met: how far they are held against it.
//
// No status tells whether a 403 is about what one request asks for or about an account that was closed. So refusals in a row, as many as open
// the circuit breaker, reach as far as their witnesses do:
//
//   of one key                → that key's calls go elsewhere for a while that grows
//   of two keys of a project  → that project's calls do
//   of two projects           → the breaker opens, for everybody
//
// An answer takes back what was refused to its key, its project and everybody.
import type { Limits } from "../../core/index.ts"
import type { PoolCaller } from "./types.ts"

export type RefusalLimits = Pick<Limits, "breakerFailuresMax" | "breakerOpenMs" | "breakerOpenMsMax" | "refusedCallersMax">

const nobody: PoolCaller = { projectId: "", id: "" }

export class Refusals {
  readonly #limits: RefusalLimits
  readonly #rng: () => number
  readonly #keys = new Map<string, Row>()
  readonly #projects = new Map<string, Row>()
  #everybody = new Row()

  constructor(limits: RefusalLimits, rng: () => number) {
    this.#limits = limits
    this.#rng = rng
  }

  isHeldAgainst(caller: PoolCaller | undefined, now: number): boolean {
    if (this.#keys.size === 0) return false
    const { projectId, id } = caller ?? nobody
    return (this.#keys.get(id)?.until ?? 0) > now || (this.#projects.get(projectId)?.until ?? 0) > now
  }

  /** Whether the refusals are everybody's now. */
  refused(caller: PoolCaller | undefined, now: number): boolean {
    const { projectId, id } = caller ?? nobody
    const { breakerFailuresMax } = this.#limits
    const key = this.#rowOf(this.#keys, id)
    const project = this.#rowOf(this.#projects, projectId)
    for (const [row, witness] of [
      [key, id],
      [project, id],
      [this.#everybody, projectId],
    ] as const)
      row.add(witness)
    if (key.count >= breakerFailuresMax) this.#hold(key, now)
    if (project.count >= breakerFailuresMax && project.hasSeveralWitnesses) this.#hold(project, now)
    return this.#everybody.count >= breakerFailuresMax && this.#everybody.hasSeveralWitnesses
  }

  answered(caller: PoolCaller | undefined): void {
    if (this.#keys.size === 0) return
    const { projectId, id } = caller ?? nobody
    this.#keys.delete(id)
    this.#projects.delete(projectId)
    this.#everybody = new Row()
  }

  /** Those who were refused longest ago are forgotten first. */
  #rowOf(rows: Map<string, Row>, name: string): Row {
    const row = rows.get(name) ?? new Row()
    rows.delete(name)
    rows.set(name, row)
    for (const oldest of rows.keys()) {
      if (rows.size <= this.#limits.refusedCallersMax) break
      rows.delete(oldest)
    }
    return row
  }

  /** Calls that were under way when it was held say nothing new. */
  #hold(row: Row, now: number): void {
    if (row.until > now) return
    const { breakerOpenMs, breakerOpenMsMax } = this.#limits
    const ms = Math.min(breakerOpenMsMax, breakerOpenMs * 2 ** Math.min(row.times, 16))
    row.times += 1
    row.until = now + ms * (0.9 + 0.2 * this.#rng())
  }
}

/** Refusals in a row. */
class Row {
  count = 0
  /** The deployment is passed over until then, and how often it was. */
  until = 0
  times = 0
  hasSeveralWitnesses = false
  #first: string | undefined

  add(witness: string): void {
    this.count += 1
    this.#first ??= witness
    this.hasSeveralWitnesses ||= witness !== this.#first
  }
}
