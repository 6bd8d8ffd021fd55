// The guards of one call: they are asked about its request one after another, then stand in the way of its answer in reverse order.
import { AppError, sleep } from "../../core/index.ts"
import { AnswerPipe, FilterStage, WindowStage, type AnswerText, type Stage } from "./answer-pipe.ts"
import { blocked, CallerRefusal, notAllowed, undecided } from "./blocked.ts"
import type { Findings, Guard, GuardContext, GuardReport, GuardText, Verdict } from "./types.ts"

export interface SessionLimits {
  guardMs: number
  guardHeldCharsMax: number
}

export interface CheckedRequest {
  /** As many as were given, in their order; the same list where nothing was changed. */
  texts: readonly GuardText[]
  /** Another model, where a guard routes the call. */
  model: string | undefined
}

/** Whether the caller may use the model of that name. */
export type AllowsModel = (name: string) => boolean

export class GuardSession {
  readonly #guards: readonly Guard[]
  readonly #context: GuardContext
  readonly #limits: SessionLimits
  readonly #allowsModel: AllowsModel | undefined
  readonly reports: GuardReport[] = []

  constructor(guards: readonly Guard[], context: GuardContext, limits: SessionLimits, allowsModel?: AllowsModel) {
    this.#guards = guards
    this.#context = context
    this.#limits = limits
    this.#allowsModel = allowsModel
  }

  /** Some guard wants to see the request. */
  get checksRequest(): boolean {
    return this.#guards.some((guard) => guard.before)
  }

  /** Some guard has to do with the answer. */
  get checksAnswer(): boolean {
    return this.#guards.some((guard) => guard.after !== undefined || guard.filter !== undefined)
  }

  /** Some guard may stop the answer. */
  get mayBlockAnswer(): boolean {
    return this.#guards.some((guard) => guard.after !== undefined)
  }

  /** A promise only where a guard needs one. Throws `content_blocked`, `guard_unavailable`, or `model_not_allowed` where a guard routes. */
  before(texts: readonly GuardText[]): CheckedRequest | Promise<CheckedRequest> {
    return this.#askFrom(0, { texts, model: undefined })
  }

  #askFrom(index: number, checked: CheckedRequest): CheckedRequest | Promise<CheckedRequest> {
    const guard = this.#guards[index]
    if (!guard) return this.#allowed(checked)
    if (!guard.before) return this.#askFrom(index + 1, checked)
    const goOn = (verdict: Verdict | undefined): CheckedRequest | Promise<CheckedRequest> =>
      this.#askFrom(index + 1, verdict ? this.#applied(guard, checked, verdict) : checked)
    const verdict = this.#verdict(guard, "before", () => guard.before?.(checked.texts, this.#context))
    return verdict instanceof Promise ? verdict.then(goOn) : goOn(verdict)
  }

  /** The caller's right holds for the model that serves the call, whoever chose it. */
  #allowed(checked: CheckedRequest): CheckedRequest {
    const { model } = checked
    if (model === undefined || this.#allowsModel?.(model) !== false) return checked
    throw notAllowed(this.reports.findLast(({ action }) => action === "route")?.guard ?? "", this.#context.principal)
  }

  #applied(guard: Guard, checked: CheckedRequest, verdict: Verdict): CheckedRequest {
    const report = this.#report(guard, "before", verdict.action, verdict.found)
    if (verdict.action === "block") throw blocked(guard.name, verdict.message)
    if (verdict.action === "route") {
      report.routed = { asked: this.#context.model, model: verdict.model }
      return { ...checked, model: verdict.model }
    }
    if (verdict.action === "allow") return checked
    const { texts } = verdict
    if (texts.length !== checked.texts.length)
      throw undecided(guard.name, new Error(`it was shown ${checked.texts.length} texts and gave ${texts.length} back`))
    return { ...checked, texts: checked.texts.map((each, at) => ({ ...each, text: texts[at] ?? "" })) }
  }

  /** Undefined where no guard has to do with the answer. One for each text of it: of a choice, of the arguments of a tool call. */
  answerText({ json, isWhole }: { json: boolean; isWhole: boolean }): AnswerText | undefined {
    const stages = this.#guards.toReversed().flatMap((guard) => this.#stage(guard, json, isWhole))
    return stages.length === 0 ? undefined : new AnswerPipe(stages)
  }

  #stage(guard: Guard, json: boolean, isWhole: boolean): Stage[] {
    const found = (kind: string): void => void this.#report(guard, "after", "redact", { [kind]: 1 })
    const filter = guard.filter?.(this.#context, { json, found })
    if (filter) return [new FilterStage(filter)]
    if (!guard.after) return []
    const holdBackChars = isWhole ? undefined : guard.stream?.holdBackChars
    const check = (text: string): string | Promise<string> => this.#checkAnswer(guard, text)
    return [new WindowStage(check, holdBackChars, this.#limits.guardHeldCharsMax)]
  }

  #checkAnswer(guard: Guard, text: string): string | Promise<string> {
    const apply = (verdict: Verdict | undefined): string => {
      if (!verdict) return text
      if (verdict.action !== "allow" || verdict.found) this.#report(guard, "after", verdict.action, verdict.found)
      if (verdict.action === "block") throw blocked(guard.name, verdict.message)
      if (verdict.action === "route") throw undecided(guard.name, new Error("an answer cannot be routed"))
      return verdict.action === "redact" ? (verdict.texts[0] ?? "") : text
    }
    const verdict = this.#verdict(guard, "after", () => guard.after?.(text, this.#context))
    return verdict instanceof Promise ? verdict.then(apply) : apply(verdict)
  }

  /** Undefined where the guard failed and calls pass without it. */
  #verdict(
    guard: Guard,
    phase: GuardReport["phase"],
    ask: () => Verdict | Promise<Verdict> | undefined,
  ): Verdict | undefined | Promise<Verdict | undefined> {
    const failed = (error: unknown): undefined => {
      const isBlock = error instanceof AppError && error.code === "content_blocked"
      this.#report(guard, phase, isBlock ? "block" : "failed")
      if (isBlock) throw error
      if (error instanceof CallerRefusal) throw error.refusal
      if (guard.failOpen === true && !this.#context.signal.aborted) return undefined
      throw undecided(guard.name, error)
    }
    try {
      const verdict = ask()
      return verdict instanceof Promise ? this.#inTime(verdict).catch(failed) : verdict
    } catch (error) {
      return failed(error)
    }
  }

  async #inTime(verdict: Promise<Verdict>): Promise<Verdict> {
    const enough = new AbortController()
    const { guardMs } = this.#limits
    const late = sleep(guardMs, AbortSignal.any([enough.signal, this.#context.signal])).then((): never => {
      throw new Error(`no verdict within ${guardMs} ms`)
    })
    late.catch(() => undefined)
    try {
      return await Promise.race([verdict, late])
    } finally {
      enough.abort()
    }
  }

  #report(guard: Guard, phase: GuardReport["phase"], action: GuardReport["action"], found: Findings = {}): GuardReport {
    const known = this.reports.find((each) => each.guard === guard.name && each.phase === phase && each.action === action)
    const report: GuardReport = known ?? { guard: guard.name, phase, action, found: {} }
    if (!known) this.reports.push(report)
    for (const [kind, count] of Object.entries(found)) report.found[kind] = (report.found[kind] ?? 0) + count
    return report
  }

  /** For a header: `pii;before=redact;email=2, moderation;before=allow`. */
  get summary(): string {
    return this.reports
      .map(({ guard, phase, action, found }) =>
        [guard, `${phase}=${action}`, ...Object.entries(found).map(([kind, count]) => `${kind}=${count}`)].map(headerWord).join(";"),
      )
      .join(", ")
  }
}

/** Kinds and categories may come from a model: nothing of them can end a header. */
function headerWord(text: string): string {
  return text.replaceAll(/[^\w=./-]/g, "_").slice(0, 80)
}
