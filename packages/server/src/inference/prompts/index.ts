// Public face of prompts.
export { loadPrompts, type ProjectPrompts } from "./held.ts"
export { ProjectFacts } from "./project-facts.ts"
export { createPrompts, type Prompts } from "./prompts.ts"
export type { DeclaredPrompt, HeldPrompt, HeldVersion, PromptReference, RenderedPrompt } from "./types.ts"
