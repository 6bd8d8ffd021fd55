// The words of inference: deployments and models, a call of a model with what it yields, and embeddings.
import type { PricedUsage } from "../accounting/index.ts"
import type { FailureKey, ParametersConfig, RetryConfig } from "../config/index.ts"
import type { JsonObject, JsonValue } from "../core/index.ts"
import type { AppliedEdit } from "./context-edits.ts"
import type { PlanRequest } from "./pool/types.ts"
import type { ModelMessage, ModelPassage, ModelReasoning, ModelTool } from "./message-types.ts"

/** The wire dialects that deployments speak; `native` ones run in this process. */
export const dialectNames = [
  "openai-chat",
  "openai-responses",
  "anthropic-messages",
  /** The same messages in the envelope of Google's Vertex, which takes none of Anthropic's own. */
  "anthropic-vertex",
  "gemini",
  "bedrock-converse",
  "cohere",
  "ai-sdk",
  "native",
] as const

export type Dialect = (typeof dialectNames)[number]

/** What a deployment can be asked for. */
export interface Capabilities {
  chat: boolean
  embeddings: boolean
  images?: boolean
  speech?: boolean
  transcription?: boolean
  moderation?: boolean
  rerank?: boolean
  realtime?: boolean
}

/** One place where a model can be served. */
export interface Deployment {
  /** Stable name, unique in the process: `openai/gpt-5-mini`, `perdure/extractive`. */
  id: string
  /** Whose habits it has beyond its dialect: `openai`, `azure`, `anthropic`, `vllm`, …; `embedded` for what runs in this process. */
  provider: string
  dialect: Dialect
  baseUrl: string | null
  apiKey: string | null
  upstreamModel: string
  does: Capabilities
  contextTokensMax: number | null
  /** What else its provider must be told: API version, project, location, region, headers. Never shown. */
  settings?: JsonObject
  /** It goes on with an assistant message that ends the conversation, instead of answering anew. */
  continuesPrefix?: boolean
  /** Where it was declared: `perdure.yaml:12`, `discovered: OPENAI_API_KEY`, `built in`. */
  origin: string
  /** Its share of the calls within its group; 1 when absent, 0 for one that is asked only when no other can be. */
  weight?: number
  /** Groups are tried in this order, the lowest first; 0 when absent. */
  priority?: number
  tags?: readonly string[]
  /** Where it computes: `eu`, `us-east-1`. Unknown when absent, which no constraint allows. */
  region?: string
  /** Whose account it is: what one organisation sealed no other can read. The credentials' digest when absent. */
  organisation?: string
  limits?: DeploymentLimits
  timeouts?: Partial<CallTimeouts>
  /** How often it is asked once more, and after which failures; as the limits and the failure say when absent. */
  retry?: RetryConfig
  /** The failures after which another is asked; those that another may heal when absent. */
  fallbackOn?: readonly FailureKey[]
  /** What its requests say beside or in place of what clients say. */
  parameters?: ParametersConfig
  /** Asked for its health from time to time, never with a call of a model; engines are unless this says no. */
  probe?: boolean
}

/** What its provider lets it do; a deployment that is at a limit is passed over. */
export interface DeploymentLimits {
  requestsPerMinute?: number
  tokensPerMinute?: number
  concurrent?: number
}

/** Longest waits of one attempt. */
export interface CallTimeouts {
  connectMs: number
  firstTokenMs: number
  /** Between two chunks. */
  idleMs: number
  /** From handing the call to the upstream to its end. */
  totalMs: number
}

/** A logical name that clients ask for, with the deployments that serve it. */
export interface Model {
  name: string
  createdAt: number
  ownedBy: string
  deployments: readonly Deployment[]
  /** Other names that clients may ask for. */
  aliases?: readonly string[]
  /** Models that are asked, in this order, when no deployment of this one can answer. */
  fallbacks?: readonly string[]
  /** Models that are asked when the conversation is too long for this one. */
  contextFallbacks?: readonly string[]
  /** Models that are asked when a provider's filter refuses what is asked, or its answer. */
  contentFallbacks?: readonly string[]
  /** Data residency: the only regions in which it may be served, its fallbacks included. */
  regions?: readonly string[]
  /** What decides within a group in place of weights, unless the request says. */
  sort?: "price" | "latency" | "throughput"
  /** A second attempt elsewhere when no first token has come for so long; the slower one is given up. */
  hedgeAfterMs?: number
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
  topK?: number | null
  seed?: number | null
  presencePenalty?: number | null
  frequencyPenalty?: number | null
  /** Tokens that may be spent on thinking before the answer; `reasoningEffort` says the same in words. */
  thinkingTokensMax?: number | null
  /** The last message is the beginning of the answer, to be continued. */
  continuesPrefix?: boolean
  /** What context editing has taken out of the messages; absent where none was asked for. */
  contextEdits?: readonly AppliedEdit[]
  /** Results that were cleared and may be read again, by a tool that is among `tools` then. */
  cleared?: readonly { readonly handle: string; readonly text: string }[]
  /** What OpenAI's dialects alone have; left out elsewhere. */
  hints?: CallHints
  /** Tools that only Responses have; a deployment that does not speak them is not asked. */
  passed?: PassedTools
  /** Parameters that only one dialect knows, passed on where the deployment speaks it and refused or left out elsewhere. */
  only?: { dialect: Dialect; parameters: JsonObject }
  /** Of those, what the configuration of the deployment says. */
  own?: ParametersConfig | undefined
}

export interface CallHints {
  /** How long the answer is to be: `low`, `medium`, `high`. */
  verbosity: string | null
  /** How thoughts are to be summed up. */
  reasoningSummary: string | null
  /** Calls with the same one begin alike. */
  cacheKey: string | null
  /** How fast, for what price: `flex`, `priority`. */
  serviceTier: string | null
}

export interface PassedTools {
  /** As the client declared them. */
  tools: readonly JsonObject[]
  /** `tool_choice` where it names one of them. */
  choice: JsonObject | null
  /** What is to be shown beside the items. */
  include: readonly string[]
  callsMax: number | null
}

/** `inputTokens` includes what was read from and written to the provider's cache. */
export interface ModelUsage extends PricedUsage {
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
  /** Closes the reasoning that was streamed, or is reasoning that cannot be read: what must come back in the next turn. */
  | { type: "reasoning-ended"; reasoning: Omit<ModelReasoning, "text"> }
  /** An image that the model made. `data`: base64. */
  | { type: "image"; mediaType: string; data: string }
  | { type: "refusal-delta"; text: string }
  | { type: "citation"; citation: Citation }
  /** `custom`: of a custom tool, where the renderer of the answer is to know. */
  | { type: "tool-call-started"; index: number; callId: string; name: string; signature?: string; custom?: boolean }
  | { type: "tool-call-delta"; index: number; arguments: string }
  /** An item that only Responses have. `index`: where its provider has it. */
  | { type: "item-started"; index: number; item: JsonObject }
  /** One of its events, without its place: `{type: "response.web_search_call.searching"}`. */
  | { type: "item-progress"; index: number; event: JsonObject }
  | { type: "item-done"; index: number; item: JsonObject }
  /** Of the text so far, as its provider has it. */
  | { type: "annotation"; annotation: JsonObject }
  | {
      type: "finished"
      reason: "stop" | "length" | "tool_calls" | "content_filter"
      usage: ModelUsage
      upstreamModel: string
      /** How fast it was served, where the provider tells. */
      serviceTier?: string
      /** The finer word of a provider where it has one: `stop_sequence`, `refusal`, `pause_turn`, `model_context_window_exceeded`. */
      detail?: string
      /** The stop text that was met. */
      stopSequence?: string
      /** Other attempts at this call that are billed too: the slower one of two, one that broke off. */
      alsoUsed?: readonly { deployment: Deployment; usage: ModelUsage }[]
    }

/** An answer broke off after it had begun, and another deployment takes over. Only where the caller asked for it. */
export interface Failover {
  type: "failover"
  from: Deployment
  to: Deployment
  /** `continued`: what follows goes on with the text so far. `anew`: what follows is another answer, and the one so far does not count. */
  how: "continued" | "anew"
  /** Of text that stood when it broke off. */
  afterCharacters: number
  error: { code: string; message: string }
  /** What the broken attempt used, which is billed; undefined where nothing came of it. */
  used: ModelUsage | undefined
}

export type CallEvent = ModelEvent | Failover

/** What the caller wants of the choice of a deployment. */
export type CallRouting = Omit<PlanRequest, "needs" | "usable" | "contextTokensEstimated" | "organisation">

/**
 * Calls the model of that name on one of its deployments, and on others while nothing of an answer has come, or where the routing says
 * `failover: "continue"`. `deployment` of what is returned is the one tried at the moment, `attempts` how many were started. Throws
 * AppError at once when none may be asked.
 */
export type CallModel = (
  call: ModelCall,
  signal: AbortSignal,
  routing?: CallRouting,
) => { deployment: Deployment; attempts: number; events: AsyncIterable<CallEvent> }

/** One unit-length vector of `dimensions` per text, in order. Some models make a difference between what is searched and what is found. */
export type Embed = (texts: readonly string[], signal: AbortSignal, purpose?: "document" | "query") => Promise<Float32Array[]>
