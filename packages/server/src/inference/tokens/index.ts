// Token counting.
export { createTokenCounter, estimateTokens, type TokenCounterOptions } from "./counter.ts"
export { createTokenizer } from "./tokenizer.ts"
export type { TokenCount, TokenCounter } from "./types.ts"
