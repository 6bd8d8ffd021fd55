// What a response leaves in memory: what its user said, what it answered, what its tools told; each in its lane, and never what was recalled.
import { messageOf, type JsonObject } from "../core/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import type { Session } from "./session.ts"
import { memoryToolName, recallToolName } from "./tool-choice.ts"
import { isToolCall, isToolOutput } from "./tool-items.ts"
import { wordsOf } from "./transcript.ts"
import type { LabelledItem, MemoryWish, ResponseItem } from "./types.ts"

export interface TurnToRemember {
  readonly role: "user" | "assistant" | "tool"
  readonly text: string
  readonly itemId: string
  /** Absent: the caller's own word. */
  readonly label?: Label
  /** The memories that it may repeat: nothing is derived from it. */
  readonly recalledFrom: readonly string[]
  /** Of an answer: the items that stood before the model since it spoke last, that answer included; the turns before it here when absent. */
  readonly before?: readonly string[]
  /** Which tool told it. */
  readonly tool?: string
  /** Stored files of which the model had passages. */
  readonly fileIds?: readonly string[]
}

/** Remembers turns of one scope; doing it again adds nothing. Gives the ids, or why it may not. */
export type RememberTurns = (
  caller: { projectId: string; principal: string; user: string | null },
  asked: {
    scope: string
    session: string
    conversationId: string | null
    runId: string
    turns: readonly TurnToRemember[]
    /** What outside of conversations is one source: `responses` when absent. */
    origin?: string
  },
) => Promise<{ ids: readonly string[]; refused: string | null }>

export async function rememberTurns(session: Session, items: readonly LabelledItem[], recalledFrom: readonly string[]): Promise<void> {
  const { context, request, dependencies } = session
  const { memory: wish } = request
  const [scope] = wish?.scopes ?? []
  if (!wish?.remember || scope === undefined || !dependencies.rememberTurns) return
  const turns = turnsOf(session, items, recalledFrom)
  if (turns.length === 0) return
  const { rememberTurns: remember } = dependencies
  const { id: runId, projectId, principal } = context.run
  const caller = { projectId, principal, user: request.acts_for ?? null }
  const asked = { scope, session: sessionOf(wish, runId), conversationId: request.conversation, runId, turns }
  const work = async ({ signal }: { signal: AbortSignal }): Promise<JsonObject> => {
    try {
      const { ids, refused } = await remember(caller, asked)
      return { ids, refused }
    } catch (error) {
      // Nobody who asked for this response wanted it remembered.
      if (wish.by_configuration !== true || signal.aborted) throw error
      return { ids: [], refused: messageOf(error) }
    }
  }
  const done = await context.step("remember", work, { effect: "idempotent", input: { scope, turns: turns.length } })
  context.emit("memory.remembered", { scope, ...done })
}

function sessionOf({ session }: MemoryWish, runId: string): string {
  return session ?? runId
}

/** Of the input only what is new: what was said since the model spoke last. What a client sends again was remembered when it was said. */
function turnsOf(
  { request, writer, label, passages, assembled }: Session,
  items: readonly LabelledItem[],
  recalledFrom: readonly string[],
): TurnToRemember[] {
  const own = new Set(request.input.map(({ id }) => id))
  const sent = items.filter(({ item }) => own.has(item.id))
  const spoken = sent.findLastIndex(({ item }) => isToolCall(item) || (item.type === "message" && item["role"] === "assistant"))
  const calls = new Map(items.flatMap(({ item }) => (isToolCall(item) ? [[item["call_id"], item["name"] as string] as const] : [])))
  const answered = items.findLastIndex(({ item }) => item.type === "message" && item["role"] === "assistant")
  const before = items.slice(Math.max(0, answered)).map(({ item }) => item.id)
  const said = writer.log.items
  const fileIds = [...new Set([...(assembled?.fileIds ?? []), ...passages.map(({ fileId }) => fileId)])]
  return [
    ...sent.slice(spoken + 1).flatMap(({ item, label: its }) => inputTurn(item, its, calls)),
    ...said
      .flatMap((item, index) => outputTurn(item, label, recalledFrom, [...before, ...said.slice(0, index).map(({ id }) => id)]))
      .map((turn) => (fileIds.length === 0 ? turn : { ...turn, fileIds })),
  ]
}

function inputTurn(item: ResponseItem, label: Label, calls: ReadonlyMap<unknown, string>): TurnToRemember[] {
  if (isToolOutput(item)) return toolTurn(item, wordsOf(item["output"]), calls.get(item["call_id"]) ?? "unknown", label)
  if (item.type !== "message" || item["role"] !== "user" || item["compacted"] === true) return []
  const text = wordsOf(item["content"]).trim()
  // What its user typed is the caller's own word; with a file in it, it is what the item says.
  return text === "" ? [] : [{ role: "user", text, itemId: item.id, recalledFrom: [], ...(label.integrity === 3 ? {} : { label }) }]
}

function outputTurn(item: ResponseItem, label: Label, recalledFrom: readonly string[], before: readonly string[]): TurnToRemember[] {
  if (item["status"] === "incomplete") return []
  if (item.type === "mcp_call") return toolTurn(item, wordsOf(item["output"] ?? ""), item["name"] as string, label)
  const text = item.type === "message" ? wordsOf(item["content"]).trim() : ""
  return text === "" ? [] : [{ role: "assistant", text, itemId: item.id, label, recalledFrom, before }]
}

/** Shorter ones say "done", longer ones are dumps. */
const toolCharactersMin = 40
const toolCharactersMax = 8_000

/** What the memory tool shows is remembered already. */
export function isWorthRemembering(tool: string, result: string): boolean {
  return tool !== memoryToolName && tool !== recallToolName && result.length >= toolCharactersMin && result.length <= toolCharactersMax
}

function toolTurn(item: ResponseItem, text: string, tool: string, label: Label): TurnToRemember[] {
  if (!isWorthRemembering(tool, text)) return []
  const own = joinLabels([label, { ...label, integrity: 0, sources: [`tool:${tool}`] }])
  return [{ role: "tool", text, itemId: item.id, label: own, recalledFrom: [], tool }]
}
