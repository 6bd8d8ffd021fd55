// The part of node-llama-cpp that is used, and how the optional package is found: it is never installed by default.
import { AppError, messageOf, type JsonValue } from "../../../core/index.ts"

export const llamaPackage = "node-llama-cpp@3.22.1"

export interface LlamaModule {
  getLlama(options: { build: "never"; gpu: "auto" | false; logLevel: "error"; skipDownload: boolean; maxThreads: number }): Promise<Llama>
  LlamaChat: new (options: { contextSequence: LlamaSequence }) => LlamaChat
}

export interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>
  createGrammarForJsonSchema(schema: JsonValue): Promise<unknown>
  getGrammarFor(type: "json"): Promise<unknown>
  dispose(): Promise<void>
}

export interface LlamaModel {
  readonly trainContextSize: number
  tokenize(text: string): readonly number[]
  createContext(options: { contextSize: { min: number; max: number }; sequences: number }): Promise<LlamaContext>
  dispose(): Promise<void>
}

export interface LlamaContext {
  readonly contextSize: number
  getSequence(): LlamaSequence
  dispose(): Promise<void>
}

export interface LlamaSequence {
  readonly tokenMeter: { readonly usedInputTokens: number; readonly usedOutputTokens: number }
  clearHistory(): Promise<void>
}

export type LlamaHistoryItem =
  | { type: "system"; text: string }
  | { type: "user"; text: string }
  | { type: "model"; response: (string | LlamaFunctionCall)[] }

export interface LlamaFunctionCall {
  type: "functionCall"
  name: string
  params: JsonValue
  result: JsonValue
}

export type LlamaFunctions = Record<string, { description?: string; params?: JsonValue }>

export interface LlamaGenerateOptions {
  signal: AbortSignal
  maxTokens: number
  temperature: number
  topP?: number
  grammar?: unknown
  functions?: LlamaFunctions
  maxParallelFunctionCalls?: number
  onResponseChunk?: (chunk: { type: "segment" | undefined; segmentType: string | undefined; text: string }) => void
  onFunctionCallParamsChunk?: (chunk: { callIndex: number; functionName: string; paramsChunk: string }) => void
}

export interface LlamaChat {
  generateResponse(
    history: LlamaHistoryItem[],
    options: LlamaGenerateOptions,
  ): Promise<{ response: string; metadata: { stopReason: string } }>
  dispose(): void
}

/** Imports node-llama-cpp; `modulePath` is where it lies when it cannot be found from here. */
export async function loadLlamaModule(modulePath = "node-llama-cpp"): Promise<LlamaModule> {
  try {
    return (await import(modulePath)) as LlamaModule // the shape above is what version 3.22 exports
  } catch (cause) {
    const reason =
      cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND" ? "it is not installed" : messageOf(cause)
    throw new AppError(
      "feature_unavailable",
      `GGUF files run through the optional package node-llama-cpp, which cannot be loaded: ${reason}.`,
      {
        hint: `Add it beside Perdure with \`npm install ${llamaPackage} --ignore-scripts\` and start again. docs/reference/providers.md says how to leave out its 600 MB of GPU libraries.`,
        cause,
      },
    )
  }
}
