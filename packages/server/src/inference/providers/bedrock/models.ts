// What the id of a Bedrock model says about how it is asked: whose it is, its generation, and what it takes.
import { claudeTraits } from "../claude.ts"

export type Family = "claude" | "nova" | "gpt-oss" | "mistral" | "other"

/** Ids have a region or a provider before them (`eu.anthropic.claude-…`), or are ARNs that end with one. */
export function familyOf(model: string): Family {
  if (/claude/i.test(model)) return "claude"
  if (/amazon\.nova/i.test(model)) return "nova"
  if (/openai\./i.test(model)) return "gpt-oss"
  return /mistral/i.test(model) ? "mistral" : "other"
}

/** It holds its answer to a schema by itself. */
export function holdsSchemas(model: string): boolean {
  if (familyOf(model) === "claude") return claudeTraits(model).holdsSchemas
  return /qwen3|gpt-oss|deepseek\.v|gemma|kimi|minimax|nemotron|magistral|ministral|mistral-large-3|voxtral/i.test(model)
}

/** It can be made to call a tool. */
export function canBeForced(model: string): boolean {
  const family = familyOf(model)
  if (family === "claude") return claudeTraits(model).canBeForced
  return family === "nova" || family === "mistral"
}
