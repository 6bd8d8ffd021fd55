// What a model is told, in the one internal shape of a call: messages with their contents, tools, passages.
import type { JsonObject, JsonValue } from "../core/index.ts"
import type { Dialect } from "./types.ts"

export interface ModelTool {
  name: string
  description: string | null
  /** JSON Schema of the arguments. */
  parameters: JsonValue
  strict: boolean | null
  /** It takes free text: `parameters` have one text for whoever knows functions only, and this is what it was declared as. */
  custom?: { description: string | null; format: JsonObject | null }
  cacheControl?: JsonValue
}

/** `cacheControl` is Anthropic's mark of a cache point, kept at its exact place; providers without it leave it out. */
export type ModelContent = (
  | { type: "text"; text: string }
  /** `url`: http(s) or a data URL. */
  | { type: "image"; url: string; detail?: string }
  /** `data`: base64; `format`: `wav`, `mp3`, … */
  | { type: "audio"; data: string; format: string }
  /** `data`: base64, a data URL, or an http(s) address. */
  | { type: "file"; name: string; data: string; mediaType?: string }
) & { cacheControl?: JsonValue }

/** Reasoning of an earlier turn, which goes back only to where it came from: signatures and seals are bound to their provider. */
export interface ModelReasoning {
  text: string
  /** Anthropic's signature of the text. */
  signature?: string
  /** Reasoning that only its provider can read: redacted thinking, encrypted content. */
  data?: string
  /** The provider's id of the item. */
  id?: string
  /** Who made it: a dialect, so that no other is sent it. */
  dialect: Dialect
  /** Whose deployment made it: no other organisation can read what is sealed. */
  organisation?: string
}

export type ModelMessage =
  | { role: "system" | "user"; content: readonly ModelContent[] }
  | {
      role: "assistant"
      content: readonly ModelContent[]
      toolCalls: readonly ModelToolCall[]
      /** Stands before the content. */
      reasoning?: readonly ModelReasoning[]
      /** Items that only Responses have, after the reasoning and before the content. */
      items?: readonly JsonObject[]
    }
  | { role: "tool"; callId: string; content: string; parts?: readonly ModelContent[]; isError?: boolean; cacheControl?: JsonValue }

export interface ModelToolCall {
  callId: string
  name: string
  /** JSON text, as the model wrote it. */
  arguments: string
  /** Of a custom tool; its text is wrapped in the arguments. */
  custom?: boolean
  /** Gemini's thought signature, which must come back with the call. */
  signature?: string
  cacheControl?: JsonValue
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
