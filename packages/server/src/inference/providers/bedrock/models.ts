// What the id of a Bedrock model says about how it is asked: whose it is, its generation, and what it takes.

export type Family = "claude" | "nova" | "gpt-oss" | "mistral" | "other"

/** Ids have a region or a provider before them (`eu.anthropic.claude-…`), or are ARNs that end with one. */
export function familyOf(model: string): Family {
  if (/claude/i.test(model)) return "claude"
  if (/amazon\.nova/i.test(model)) return "nova"
  if (/openai\./i.test(model)) return "gpt-oss"
  return /mistral/i.test(model) ? "mistral" : "other"
}

/** 4.5 of `claude-opus-4-5-20251101`, 3.7 of `claude-3-7-sonnet`; what cannot be read is taken for new. */
export function claudeVersion(model: string): number {
  const found = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2})(?!\d))?/i.exec(model)
  return found ? Number(`${found[1]}.${found[2] ?? "0"}`) : Number.POSITIVE_INFINITY
}

/** It holds its answer to a schema by itself. */
export function holdsSchemas(model: string): boolean {
  if (familyOf(model) === "claude") return claudeVersion(model) >= 4.5
  return /qwen3|gpt-oss|deepseek\.v|gemma|kimi|minimax|nemotron|magistral|ministral|mistral-large-3|voxtral/i.test(model)
}

/** It can be made to call a tool. */
export function canBeForced(model: string): boolean {
  const family = familyOf(model)
  if (family === "claude") return claudeVersion(model) < 5.5
  return family === "nova" || family === "mistral"
}
