// `compact_20260112` of a messages request for models of others: when it is due, and what is asked behind the summary.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { estimateTokens, type Deployment } from "../../inference/index.ts"
import type { WantedCompaction } from "../light/client-dialect.ts"
import { compactEditSchema } from "./context-management.ts"
import { parseMessagesRequest } from "./messages-parse.ts"

/** Anthropic's own. */
const triggerTokensDefault = 150_000

export function wantedOfMessages(body: JsonObject, deployment: Deployment): WantedCompaction | undefined {
  const management = body["context_management"]
  const edits = isJsonObject(management) && Array.isArray(management["edits"]) ? (management["edits"] as readonly JsonValue[]) : []
  const edit = edits.map((each) => compactEditSchema.safeParse(each).data).find((each) => each !== undefined)
  if (!edit) return undefined
  // A wrong request is refused here, before anything is spent on it.
  const call = parseMessagesRequest(body)
  const messages = body["messages"] as readonly JsonObject[] // checked by the parser
  const from = beginOfTail(messages)
  if (from === 0 || isCompacted(messages.slice(0, from))) return undefined
  if (estimateTokens(call, deployment) < (edit.trigger?.value ?? triggerTokensDefault)) return undefined
  return {
    call,
    instructions: edit.instructions ?? undefined,
    pauses: edit.pause_after_compaction === true,
    behind: (summary) => {
      // The other edits have been done to what was summarised.
      const { context_management: _, ...rest } = body
      return { ...rest, messages: [compactedTo(summary), ...messages.slice(from)] }
    },
  }
}

function compactedTo(content: string): JsonObject {
  return { role: "assistant", content: [{ type: "compaction", content }] }
}

/** What the model is to answer stays word for word for this once: what the user said last, with the calls whose results it holds. */
function beginOfTail(messages: readonly JsonObject[]): number {
  const last = messages.findLastIndex(({ role }) => role === "user")
  let from = last
  while (from > 0 && messages[from - 1]?.["role"] === "user") from -= 1
  const holdsResults = messages.slice(from).some(({ content }) => blocksOf(content).some((block) => block["type"] === "tool_result"))
  return Math.max(0, holdsResults ? from - 1 : from)
}

/** Nothing has been said since the last compaction. */
function isCompacted(messages: readonly JsonObject[]): boolean {
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [{ type: "text" }] : blocksOf(content)))
  const last = blocks.at(-1)
  return last?.["type"] === "compaction" && typeof last["content"] === "string"
}

function blocksOf(content: JsonValue | undefined): JsonObject[] {
  return Array.isArray(content) ? (content as readonly JsonValue[]).filter(isJsonObject) : []
}
