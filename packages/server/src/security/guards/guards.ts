// All guards of the server, and which of them apply to a call.
import type { Limits } from "../../core/index.ts"
import { GuardSession, type AllowsModel } from "./session.ts"
import type { Guard, GuardCondition, GuardContext } from "./types.ts"

export interface GuardRule {
  guard: Guard
  /** Every part that is there must fit; without any the guard applies to all calls. */
  when: GuardCondition
}

export interface Guards {
  /** Undefined where none applies. Without `allowsModel` the caller may use every model that a guard names. */
  open(context: GuardContext, allowsModel?: AllowsModel): GuardSession | undefined
  /** Whether one could apply to a call of that model. */
  readonly isEmpty: boolean
}

export function createGuards({
  rules,
  limits,
}: {
  rules: readonly GuardRule[]
  limits: Pick<Limits, "guardMs" | "guardHeldCharsMax">
}): Guards {
  return {
    isEmpty: rules.length === 0,
    open: (context, allowsModel) => {
      const applying = rules.filter(({ when }) => applies(when, context)).map(({ guard }) => guard)
      return applying.length === 0 ? undefined : new GuardSession(applying, context, limits, allowsModel)
    },
  }
}

function applies({ models, keys, tags, endpoints }: GuardCondition, context: GuardContext): boolean {
  return (
    (endpoints === undefined || endpoints.includes(context.endpoint)) &&
    (models === undefined || models.some((pattern) => fits(pattern, context.model))) &&
    (keys === undefined || keys.includes(context.principal)) &&
    (tags === undefined || tags.some((tag) => context.tags.includes(tag)))
  )
}

function fits(pattern: string, model: string): boolean {
  return pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model
}
