// What the name of an OpenAI model says about how it is asked.

/** Chat completions refuse them altogether. */
export function needsResponses(model: string): boolean {
  return /^(?:o\d|gpt-5(?:\.\d+)?)-pro\b|-codex\b|^codex-|-deep-research\b|^computer-use-preview/.test(model)
}

/** They take an effort, and refuse sampling while they think. */
export function thinksBeforeAnswering(model: string): boolean {
  return /^(?:o\d|gpt-[5-9])/.test(model) && !/-chat\b/.test(model)
}

/** The effort of a model that shall not think: not all can be told to leave it altogether. */
export function leastEffort(model: string): string {
  if (/^o\d/.test(model) || /-codex\b/.test(model)) return "low"
  return /^gpt-5(?!\.\d)/.test(model) ? "minimal" : "none"
}

/** Chat completions refuse their tools while they think, which is their habit. */
export function refusesTools(model: string): boolean {
  return /^gpt-(?:5\.(?:[2-9]|\d\d)|[6-9])/.test(model) && thinksBeforeAnswering(model)
}
