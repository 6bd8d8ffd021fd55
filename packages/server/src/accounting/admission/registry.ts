// The counters that bind each kind of call, found by one look-up: rules are matched when a caller is new, not for each of its calls.
import { CounterTable, type Slot } from "./counter-table.ts"
import { boundTo, isOfUpstream, rulesOfKey, type LimitRule } from "./rules.ts"
import type { AdmissionRequest } from "./types.ts"

interface Known {
  keyLimits: AdmissionRequest["keyLimits"]
  slots: readonly Slot[]
}

const none: readonly Slot[] = []

export class CounterRegistry {
  rules: readonly LimitRule[] = []
  /** Without those of deployments, which are looked at elsewhere. */
  #ofCallers: readonly LimitRule[] = []
  readonly #countersMax: number
  readonly #table: CounterTable
  readonly #known = new Map<string, Known>()
  /** What callers are told apart by: only what some rule looks at. */
  #looksAt = { user: false, model: false, tag: false }

  constructor({ rules, countersMax, lent }: { rules: readonly LimitRule[]; countersMax: number; lent: boolean }) {
    this.#countersMax = countersMax
    this.#table = new CounterTable({ countersMax, lent })
    this.replace(rules)
  }

  /** Counters of rules that stay go on with what they counted; those of rules that went are forgotten when nobody holds them. */
  replace(rules: readonly LimitRule[]): void {
    this.rules = rules
    this.#ofCallers = rules.filter((rule) => !isOfUpstream(rule))
    const someFor = (member: "user" | "model" | "tag"): boolean => rules.some((rule) => rule.for[member] !== undefined)
    this.#looksAt = { user: someFor("user"), model: someFor("model"), tag: someFor("tag") }
    this.#known.clear()
  }

  slotsOf(request: AdmissionRequest, now: number): readonly Slot[] {
    if (this.#ofCallers.length === 0 && request.keyLimits === null) return none
    const name = this.#nameOf(request)
    let known = this.#known.get(name)
    if (!known || known.keyLimits !== request.keyLimits) {
      known = { keyLimits: request.keyLimits, slots: this.#bind(request, now) }
      if (this.#known.size >= this.#countersMax) this.#known.clear()
      this.#known.set(name, known)
    }
    this.#table.renew(known.slots, now)
    return known.slots
  }

  #nameOf({ projectId, principalId, user, model, tags }: AdmissionRequest): string {
    const { user: byUser, model: byModel, tag: byTag } = this.#looksAt
    let name = `${projectId}\n${principalId}`
    if (byModel) name += `\nm${model}`
    if (byUser) name += `\nu${user ?? ""}`
    if (byTag) name += `\nt${tags.join("\n")}`
    return name
  }

  #bind(request: AdmissionRequest, now: number): Slot[] {
    const own = request.keyLimits === null ? [] : rulesOfKey(request.principalId, request.keyLimits)
    if (this.#table.makeRoom(now)) this.#known.clear()
    return [...own, ...this.#ofCallers].flatMap((rule) => boundTo(rule, request)).map((bound) => this.#table.slotOf(bound, now))
  }
}
