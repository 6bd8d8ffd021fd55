// What claims about translation are made of: calls with one thing in them, and models of each provider.
import type { JsonObject } from "../../core/index.ts"
import { customTool, wrappedInput } from "../custom-tools.ts"
import type { ModelCall } from "../types.ts"
import type { ModelContent, ModelMessage, ModelTool } from "../message-types.ts"

/** A sentence, row or item of the page. */
export interface Claim {
  says: string
  /** Of the same words in two sections the one that is meant. */
  under?: string
}

export interface Sent extends Claim {
  to: readonly [provider: string, model: string]
  call: Partial<ModelCall>
  settings?: JsonObject
  dialect?: "responses"
  /** Members of the request, or a text that it has. */
  has?: JsonObject | string
  /** Texts that are nowhere in the request. */
  hasNot?: readonly string[]
  /** It is refused, with this in the message. */
  refused?: string
}

/** A claim that is tested where it can be seen. */
export interface Elsewhere extends Claim {
  file: string
  test: string
}

export const user = (...content: (ModelContent | string)[]): ModelMessage => ({
  role: "user",
  content: content.map((part) => (typeof part === "string" ? { type: "text", text: part } : part)),
})
export const system = (text: string): ModelMessage => ({ role: "system", content: [{ type: "text", text }] })
export const said = (text: string, more: Partial<Extract<ModelMessage, { role: "assistant" }>> = {}): ModelMessage => ({
  role: "assistant",
  content: text === "" ? [] : [{ type: "text", text }],
  toolCalls: [],
  ...more,
})
export const called = (callId = "call_1", text = '{"a":1}'): ModelMessage =>
  said("", { toolCalls: [{ callId, name: "f", arguments: text }] })
export const result = (more: Partial<Extract<ModelMessage, { role: "tool" }>> = {}): ModelMessage => ({
  role: "tool",
  callId: "call_1",
  content: "42",
  ...more,
})
export const tool: ModelTool = { name: "f", description: null, parameters: { type: "object", properties: { a: {} } }, strict: null }
export const strictTool: ModelTool = { ...tool, strict: true }
export const grammarTool = customTool({
  name: "f",
  description: "Edits.",
  format: { type: "grammar", syntax: "lark", definition: "start: X" },
})
export const calledCustom = said("", { toolCalls: [{ callId: "call_1", name: "f", arguments: wrappedInput("free"), custom: true }] })
export const cached = { cacheControl: { type: "ephemeral" } }
export const picture: ModelContent = { type: "image", url: "data:image/png;base64,iVBORw==", detail: "low" }
export const address: ModelContent = { type: "image", url: "https://pictures.example/a.png" }
export const sound: ModelContent = { type: "audio", data: "AAAA", format: "wav" }
export const textFile: ModelContent = { type: "file", name: "notes.txt", data: `data:text/plain;base64,${btoa("the notes")}` }
export const pdf: ModelContent = { type: "file", name: "a b.c/d.pdf", data: "data:application/pdf;base64,JVBERi0=" }
export const schema = { type: "json_schema", json_schema: { name: "x", schema: { type: "object", properties: { a: { type: "string" } } } } }
export const thoughts = (dialect: "anthropic-messages" | "gemini" | "openai-chat"): ModelMessage =>
  said("yes", { reasoning: [{ text: "a thought", signature: "c2lnbmVk", dialect }] })
export const begun = { messages: [user("Hi"), said("The answer ")], continuesPrefix: true }
export const passages = [{ fileId: "file_1", filename: "a.md", chunkId: "c1", text: "a passage", score: 1 }]
export const sampling = { temperature: 0.5, topP: 0.6 }
export const single = { tools: [tool], parallelToolCalls: false }
export const asks = (...content: (ModelContent | string)[]): Partial<ModelCall> => ({ messages: [user(...content)] })

export const gpt = ["openai", "gpt-4.1"] as const
export const thinkingGpt = ["openai", "gpt-5.6-terra"] as const
export const flash = ["gemini", "gemini-2.5-flash"] as const
export const gemini3 = ["gemini", "gemini-3-pro-preview"] as const
export const vertex = ["vertex", "gemini-2.5-flash"] as const
export const claude = ["anthropic", "claude-sonnet-4-5"] as const
export const newClaude = ["anthropic", "claude-opus-5"] as const
export const oldClaude = ["anthropic", "claude-3-7-sonnet"] as const
export const bedrockClaude = ["bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"] as const
export const nova = ["bedrock", "amazon.nova-pro-v1:0"] as const
export const llama = ["bedrock", "meta.llama3-3-70b-instruct-v1:0"] as const
export const command = ["cohere", "command-a-03-2025"] as const
