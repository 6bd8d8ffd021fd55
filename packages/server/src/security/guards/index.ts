// Public face of guards, inside security.
export { createGuards, type GuardRule, type Guards } from "./guards.ts"
export { GuardSession, type CheckedRequest } from "./session.ts"
export type { AnswerText } from "./answer-pipe.ts"
export { createRedactor, type RedactorOptions } from "./redactor.ts"
export { createModeration, type Judgement, type Moderate, type ModerationOptions } from "./moderation.ts"
export { type EntityKind, type Pattern } from "./patterns.ts"
export { defineGuard, type GuardDefinition } from "./define.ts"
export type { Findings, Guard, GuardCondition, GuardContext, GuardReport, GuardRole, GuardText, TextFilter, Verdict } from "./types.ts"
