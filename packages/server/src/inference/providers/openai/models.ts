// What the name of an OpenAI model says about how it is asked.
import type { Deployment } from "../../types.ts"

/** Chat completions refuse them altogether. */
export function needsResponses(model: string): boolean {
  return /^(?:o\d|gpt-5(?:\.\d+)?)-pro\b|-codex\b|^codex-|-deep-research\b|^computer-use-preview/.test(model)
}

/** Names of OpenAI's own models; a server that is only like OpenAI's may be declared as one, but serves others. */
export function speaksOpenAiNames(model: string): boolean {
  return /^(?:gpt-\d|o\d|chatgpt-|codex-|computer-use-)/.test(model)
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

/** OpenAI's models from gpt-5 on have custom tools in chat completions; nobody else's have them there. */
export function takesCustomTools({ provider, upstreamModel }: Pick<Deployment, "provider" | "upstreamModel">): boolean {
  return (provider === "openai" || provider === "azure") && /^gpt-[5-9]/.test(upstreamModel) && thinksBeforeAnswering(upstreamModel)
}

/** Chat completions refuse their tools while they think, which is their habit. */
export function refusesTools(model: string): boolean {
  return /^gpt-(?:5\.(?:[2-9]|\d\d)|[6-9])/.test(model) && thinksBeforeAnswering(model)
}
