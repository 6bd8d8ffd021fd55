// Public face of the embedded models: MiniLM embeddings, the extractive responder, GGUF files.
export { createExtractive, type ExtractiveOptions } from "./extractive.ts"
export { createGguf, type GgufModel, type GgufOptions } from "./llama.ts"
export { openEmbeddedEmbeddings, type EmbeddedEmbeddings } from "./minilm.ts"
export type { CallableModel, NativeModel } from "./types.ts"
