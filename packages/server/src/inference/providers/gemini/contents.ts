// The messages of a call as Gemini's contents: parts of users and models, with thought signatures where they were received.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage, ModelReasoning, ModelToolCall } from "../../message-types.ts"
import { mediaOf, type MediaContent } from "../media.ts"
import { withPassages } from "../passages.ts"
import { isVertex, knowsGemini3 } from "./models.ts"

export interface GeminiContents {
  systemInstruction: JsonValue | undefined
  contents: readonly JsonValue[]
}

interface Turn {
  role: "user" | "model"
  parts: JsonObject[]
}

type AssistantMessage = Extract<ModelMessage, { role: "assistant" }>
type ToolMessage = Extract<ModelMessage, { role: "tool" }>

/** Google documents it for calls whose signature is not at hand: made by another model, or by hand. */
const noSignature = "skip_thought_signature_validator"

/** Instructions are one text, wherever they stood. Turns of one side that follow each other are one, as all results of one turn must be. */
export function geminiContents(call: ModelCall, deployment: Deployment): GeminiContents {
  const names = new Map<string, string>()
  const turns: Turn[] = []
  const system: JsonObject[] = []
  for (const message of withPassages(call.messages, call.passages)) {
    if (message.role === "system") {
      system.push(...message.content.flatMap((part) => (part.type === "text" && part.text !== "" ? [{ text: part.text }] : [])))
      continue
    }
    if (message.role === "assistant") for (const { callId, name } of message.toolCalls) names.set(callId, name)
    const turn = turnOf(message, names, deployment)
    const last = turns.at(-1)
    if (turn.parts.length === 0) continue
    if (last?.role === turn.role) last.parts.push(...turn.parts)
    else turns.push(turn)
  }
  return { systemInstruction: system.length > 0 ? { parts: system } : undefined, contents: turns as readonly object[] as JsonValue[] }
}

function turnOf(message: Exclude<ModelMessage, { role: "system" }>, names: ReadonlyMap<string, string>, deployment: Deployment): Turn {
  if (message.role === "assistant") return { role: "model", parts: modelParts(message, deployment) }
  if (message.role === "tool") return { role: "user", parts: resultParts(message, names.get(message.callId) ?? message.callId, deployment) }
  return { role: "user", parts: message.content.flatMap((part) => contentPart(part, deployment)) }
}

function modelParts(message: AssistantMessage, deployment: Deployment): JsonObject[] {
  const own = (message.reasoning ?? []).filter(({ dialect }) => dialect === "gemini")
  const thoughts = own.filter(({ text }) => text !== "").map(thoughtPart)
  const content = message.content.flatMap((part) => contentPart(part, deployment))
  // A signature without a text of its own came with the answer.
  const signature = own.findLast(({ text, signature: each }) => text === "" && each !== undefined)?.signature
  if (signature !== undefined) content.push({ ...(content.pop() ?? { text: "" }), thoughtSignature: signature })
  return [...thoughts, ...content, ...callParts(message.toolCalls, deployment)]
}

function thoughtPart({ text, signature }: ModelReasoning): JsonObject {
  return { text, thought: true, ...(signature === undefined ? {} : { thoughtSignature: signature }) }
}

/** Of several calls in one turn only the first has a signature. */
function callParts(calls: readonly ModelToolCall[], deployment: Deployment): JsonObject[] {
  const isSigned = calls.some(({ signature }) => signature !== undefined)
  return calls.map(({ callId, name, arguments: text, signature }, position) => {
    const replaced = position === 0 && !isSigned && knowsGemini3(deployment.upstreamModel) ? noSignature : undefined
    const thoughtSignature = signature ?? replaced
    return {
      functionCall: { ...idOf(callId, deployment), name, args: argumentsOf(text) },
      ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
    }
  })
}

/** Vertex knows no ids of calls; there the order tells which result is whose. */
function idOf(callId: string, deployment: Deployment): JsonObject {
  return isVertex(deployment) ? {} : { id: callId }
}

function argumentsOf(text: string): JsonValue {
  if (text.trim() === "") return {}
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : { arguments: value as JsonValue } // JSON.parse gives JSON
  } catch {
    return { arguments: text }
  }
}

/** From Gemini 3 on pictures belong into the result, before that beside it. */
function resultParts({ callId, content, parts = [], isError }: ToolMessage, name: string, deployment: Deployment): JsonObject[] {
  const media = parts.filter((part): part is MediaContent => part.type !== "text").map((part) => mediaPart(part, deployment))
  const inside = media.filter((part) => part["inlineData"] !== undefined && knowsGemini3(deployment.upstreamModel))
  const beside = media.filter((part) => !inside.includes(part))
  const functionResponse = {
    ...idOf(callId, deployment),
    name,
    response: isError ? { error: content } : { output: content },
    ...(inside.length > 0 ? { parts: inside } : {}),
  }
  return [{ functionResponse }, ...beside]
}

function contentPart(part: ModelContent, deployment: Deployment): JsonObject[] {
  if (part.type === "text") return part.text === "" ? [] : [{ text: part.text }]
  return [mediaPart(part, deployment)]
}

function mediaPart(part: MediaContent, deployment: Deployment): JsonObject {
  const media = mediaOf(part)
  if ("base64" in media) return { inlineData: { mimeType: googleType(media.mediaType), data: media.base64 } }
  // Vertex wants to be told what to expect at an address.
  const mimeType = media.mediaType ?? (isVertex(deployment) ? (part.type === "image" ? "image/jpeg" : "application/pdf") : undefined)
  return { fileData: { ...(mimeType === undefined ? {} : { mimeType: googleType(mimeType) }), fileUri: media.address } }
}

function googleType(mediaType: string): string {
  return mediaType === "audio/mpeg" ? "audio/mp3" : mediaType
}
