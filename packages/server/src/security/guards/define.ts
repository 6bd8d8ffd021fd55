// Guards of an application, declared in `perdure.config.ts`.
import type { Guard, GuardCondition } from "./types.ts"

/** What `defineGuard` returns: an entry of `guards` in the configuration. */
export interface GuardDefinition extends Guard {
  type: "custom"
  when?: GuardCondition
}

/**
 * @example
 * defineGuard({
 *   name: "no-legal-advice",
 *   before: (texts) => texts.some(({ text }) => /\blawsuit\b/i.test(text)) ? { action: "block", message: "ask a lawyer" } : { action: "allow" },
 * })
 */
export function defineGuard(guard: Guard & { when?: GuardCondition }): GuardDefinition {
  return { ...guard, type: "custom" }
}
