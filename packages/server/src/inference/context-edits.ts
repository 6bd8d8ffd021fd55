// Context editing: old tool results and old reasoning leave a conversation that has grown too long, by the rules of Anthropic's API.
import type { ModelMessage } from "./message-types.ts"

export interface ClearToolUses {
  type: "clear_tool_uses_20250919"
  /** From when on it is done. */
  trigger: { type: "input_tokens" | "tool_uses"; value: number }
  /** The last so many stay. */
  keepToolUses: number
  /** It is not done for less. */
  clearAtLeastTokens: number
  excludeTools: readonly string[]
  /** Whether the calls lose their arguments too; of some tools only, where it is a list. */
  clearToolInputs: boolean | readonly string[]
}

export interface ClearThinking {
  type: "clear_thinking_20251015"
  /** The last so many turns with reasoning keep it. */
  keepTurns: number | "all"
}

export type ContextEdit = ClearToolUses | ClearThinking

/** As the answer tells it. */
export type AppliedEdit =
  | { type: ClearToolUses["type"]; cleared_tool_uses: number; cleared_input_tokens: number }
  | { type: ClearThinking["type"]; cleared_thinking_turns: number; cleared_input_tokens: number }

export interface EditOptions {
  /** What stands in place of a result that was cleared. */
  placeholderOf?: (result: { callId: string; tool: string; tokens: number }) => string
}

export interface Edited {
  messages: readonly ModelMessage[]
  applied: AppliedEdit[]
}

const charactersPerToken = 4

/** What a conversation has about, without asking its model's tokenizer. */
export function roughTokens(messages: readonly ModelMessage[]): number {
  return messages.reduce((sum, message) => sum + Math.ceil(charactersOf(message) / charactersPerToken), 0)
}

/** Each edit sees what those before it have left. No message goes: a call and its result stay a pair. */
export function editContext(messages: readonly ModelMessage[], edits: readonly ContextEdit[], options: EditOptions = {}): Edited {
  const applied: AppliedEdit[] = []
  let edited = messages
  for (const edit of edits) {
    const done = edit.type === "clear_thinking_20251015" ? clearThinking(edited, edit) : clearToolUses(edited, edit, options)
    if (done === undefined) continue
    edited = done.messages
    applied.push(done.applied)
  }
  return { messages: edited, applied }
}

interface Done {
  messages: readonly ModelMessage[]
  applied: AppliedEdit
}

const clearedResult = "[Old tool result content cleared]"

function clearToolUses(messages: readonly ModelMessage[], edit: ClearToolUses, { placeholderOf }: EditOptions): Done | undefined {
  const names = toolNames(messages)
  const results = messages.flatMap((message) => (message.role === "tool" ? [message] : []))
  const before = roughTokens(messages)
  const size = edit.trigger.type === "tool_uses" ? results.length : before
  if (size <= edit.trigger.value) return undefined
  const nameOf = (callId: string): string => names.get(callId) ?? ""
  const old = results
    .slice(0, Math.max(0, results.length - edit.keepToolUses))
    .filter(({ callId }) => !edit.excludeTools.includes(nameOf(callId)))
  const placeholders = new Map(
    old.map(({ callId, content }) => {
      const tokens = Math.ceil(content.length / charactersPerToken)
      return [callId, placeholderOf?.({ callId, tool: nameOf(callId), tokens }) ?? clearedResult]
    }),
  )
  const inputs = clearedInputs(edit, old, nameOf)
  const edited = messages.map((message): ModelMessage => {
    if (message.role === "tool") return withPlaceholder(message, placeholders.get(message.callId))
    return message.role === "assistant" && message.toolCalls.some(({ callId }) => inputs.has(callId))
      ? withoutInputs(message, inputs)
      : message
  })
  const changed = old.filter(({ callId, content }) => placeholders.get(callId) !== content)
  const clearedTokens = before - roughTokens(edited)
  if (changed.length === 0 || clearedTokens <= 0 || clearedTokens < edit.clearAtLeastTokens) return undefined
  return { messages: edited, applied: { type: edit.type, cleared_tool_uses: changed.length, cleared_input_tokens: clearedTokens } }
}

type ToolMessage = Extract<ModelMessage, { role: "tool" }>
type AssistantMessage = Extract<ModelMessage, { role: "assistant" }>

/** Images and files of a result go with its text. */
function withPlaceholder(message: ToolMessage, placeholder: string | undefined): ModelMessage {
  if (placeholder === undefined) return message
  const { parts: _, ...rest } = message
  return { ...rest, content: placeholder }
}

function clearedInputs(
  { clearToolInputs }: ClearToolUses,
  old: readonly ToolMessage[],
  nameOf: (callId: string) => string,
): ReadonlySet<string> {
  const chosen = (callId: string): boolean =>
    typeof clearToolInputs === "boolean" ? clearToolInputs : clearToolInputs.includes(nameOf(callId))
  return new Set(old.map(({ callId }) => callId).filter(chosen))
}

function withoutInputs(message: AssistantMessage, cleared: ReadonlySet<string>): ModelMessage {
  return { ...message, toolCalls: message.toolCalls.map((call) => (cleared.has(call.callId) ? { ...call, arguments: "{}" } : call)) }
}

function clearThinking(messages: readonly ModelMessage[], { type, keepTurns }: ClearThinking): Done | undefined {
  if (keepTurns === "all") return undefined
  const turns = messages.filter((message) => message.role === "assistant" && (message.reasoning?.length ?? 0) > 0)
  const old = new Set(turns.slice(0, Math.max(0, turns.length - keepTurns)))
  if (old.size === 0) return undefined
  const edited = messages.map((message): ModelMessage => {
    if (message.role !== "assistant" || !old.has(message)) return message
    const { reasoning: _, ...rest } = message
    return rest
  })
  const clearedTokens = Math.max(0, roughTokens(messages) - roughTokens(edited))
  return { messages: edited, applied: { type, cleared_thinking_turns: old.size, cleared_input_tokens: clearedTokens } }
}

function toolNames(messages: readonly ModelMessage[]): Map<string, string> {
  const calls = messages.flatMap((message) => (message.role === "assistant" ? message.toolCalls : []))
  return new Map(calls.map(({ callId, name }) => [callId, name]))
}

function charactersOf(message: ModelMessage): number {
  if (message.role === "tool") return message.content.length + partCharacters(message.parts ?? [])
  const own = partCharacters(message.content)
  if (message.role !== "assistant") return own
  const calls = message.toolCalls.reduce((sum, { name, arguments: args }) => sum + name.length + args.length, 0)
  const thought = (message.reasoning ?? []).reduce((sum, { text, data = "" }) => sum + text.length + data.length, 0)
  return own + calls + thought
}

/** What an image costs is its provider's secret; a thousand tokens is near most. */
const mediaCharacters = 4_000

function partCharacters(parts: Extract<ModelMessage, { role: "user" | "system" }>["content"]): number {
  return parts.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : mediaCharacters), 0)
}
