// How a body, an operation of it, and the stop of a run come out.
import type { JsonValue } from "../core/index.ts"
import type { Outcome } from "./journal.ts"
import { StepError } from "./step-error.ts"
import type { RunEnding } from "./types.ts"

export type Stop =
  | { kind: "cancel"; reason: string }
  | { kind: "deadline" }
  | { kind: "release"; reason: string }
  | { kind: "park"; status: "in_doubt" | "needs_migration"; data: JsonValue }

export type BodyResult = { ok: true; output: JsonValue } | { ok: false; error: unknown }

export function settled(outcome: Outcome): Promise<JsonValue | undefined> {
  return outcome.ok ? Promise.resolve(outcome.value) : Promise.reject(new StepError(outcome.error))
}

export function isEnding(error: unknown): error is RunEnding {
  return typeof error === "object" && error !== null && "status" in error && error.status === "incomplete" && "reason" in error
}
