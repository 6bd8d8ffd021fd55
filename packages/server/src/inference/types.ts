// The words of inference: deployments, the one internal shape of a model call with its event stream, and embeddings.
import type { JsonValue } from "../core/index.ts"

/** One place where a model can be served. */
export interface Deployment {
  /** Stable name, unique in the process: `openai/gpt-5-mini`, `perdure/extractive`. */
  id: string
  provider: "openai" | "anthropic" | "embedded"
  /** The wire dialect that it speaks; `native` ones run in this process. */
  dialect: "openai-chat" | "native"
  baseUrl: string | null
  apiKey: string | null
  upstreamModel: string
  does: { chat: boolean; embeddings: boolean }
  contextTokensMax: number | null
  /** Where it was declared: `perdure.yaml:12`, `discovered: OPENAI_API_KEY`, `built in`. */
  origin: string
}

/** A logical name that clients ask for, with the deployments that serve it, best first. */
export interface Model {
  name: string
  createdAt: number
  ownedBy: string
  deployments: readonly Deployment[]
}

export interface ModelTool {
  name: string
  description: string | null
  /** JSON Schema of the arguments. */
  parameters: JsonValue
  strict: boolean | null
}

export type ModelContent = { type: "text"; text: string } | { type: "image"; url: string } | { type: "file"; name: string; data: string }

export type ModelMessage =
  | { role: "system" | "user"; content: readonly ModelContent[] }
  | { role: "assistant"; content: readonly ModelContent[]; toolCalls: readonly ModelToolCall[] }
  | { role: "tool"; callId: string; content: string }

export interface ModelToolCall {
  callId: string
  name: string
  /** JSON text, as the model wrote it. */
  arguments: string
}

/** Text that the caller retrieved and offers for citation; embedded responders quote it, others get it as a message. */
export interface ModelPassage {
  /** What a citation points at. */
  fileId: string
  filename: string
  chunkId: string
  text: string
  score: number
}

export interface ModelCall {
  model: string
  messages: readonly ModelMessage[]
  passages: readonly ModelPassage[]
  tools: readonly ModelTool[]
  toolChoice: "auto" | "none" | "required" | { name: string }
  parallelToolCalls: boolean
  temperature: number | null
  topP: number | null
  outputTokensMax: number | null
  responseFormat: JsonValue | null
  reasoningEffort: string | null
  user: string | null
  /** Texts at which the answer ends, without them. */
  stop?: readonly string[]
}

export interface ModelUsage {
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  /** The provider did not report it: counted by us. */
  estimated: boolean
}

export interface Citation {
  fileId: string
  filename: string
  /** Character offset in the text so far, after which the mark stands. */
  index: number
}

/** What a model call yields, in order; exactly one `finished` ends it, a failure is thrown as AppError. */
export type ModelEvent =
  | { type: "text-delta"; text: string }
  | { type: "reasoning-delta"; text: string }
  | { type: "refusal-delta"; text: string }
  | { type: "citation"; citation: Citation }
  | { type: "tool-call-started"; index: number; callId: string; name: string }
  | { type: "tool-call-delta"; index: number; arguments: string }
  | { type: "finished"; reason: "stop" | "length" | "tool_calls" | "content_filter"; usage: ModelUsage; upstreamModel: string }

/** Calls the model of that name on one of its deployments. */
export type CallModel = (call: ModelCall, signal: AbortSignal) => { deployment: Deployment; events: AsyncIterable<ModelEvent> }

/** One unit-length vector of `dimensions` per text, in order. */
export type Embed = (texts: readonly string[], signal: AbortSignal) => Promise<Float32Array[]>
