// The refusals of guards: what a client is told when one blocks its call, and when one could not decide.
import { AppError } from "../../core/index.ts"

export function blocked(guard: string, message: string): AppError {
  return new AppError("content_blocked", `blocked by the guard "${guard}": ${message}`)
}

/** The model is not named: a key is told only of what it may use. */
export function notAllowed(guard: string, principal: string): AppError {
  return new AppError("model_not_allowed", `the guard "${guard}" sends this call to another model, which the key may not use`, {
    param: "model",
    hint: `Have the key changed, so that it may use the model that the guard routes to: perdure keys update ${principal} --models …`,
  })
}

/** Thrown by what a guard asks with: the caller may not use more, and failing open would let them use it unguarded. */
export class CallerRefusal extends Error {
  readonly refusal: AppError

  constructor(refusal: AppError) {
    super(refusal.message)
    this.refusal = refusal
  }
}

export function undecided(guard: string, cause: unknown): AppError {
  return new AppError("guard_unavailable", `the guard "${guard}" could not decide, and nothing passes without it`, {
    hint: "Try again, or set failOpen on the guard to let calls pass while it is unavailable.",
    retryAfterMs: 1_000,
    cause,
  })
}
