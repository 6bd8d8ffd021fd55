// Context editing within a response: old tool results and old reasoning leave what the model is sent, and a cleared result can be read again by its handle.
import type { JsonObject, JsonValue } from "../core/index.ts"
import { editContext, type AppliedEdit, type ModelMessage } from "../inference/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import { withExecutor, type Tool } from "../tools/index.ts"
import type { Session } from "./session.ts"
import { offersUnlisted, recallToolName } from "./tool-choice.ts"
import { toolResults, type HeldResult } from "./tool-results.ts"
import { currentItems } from "./window.ts"

interface Shown {
  readonly messages: readonly ModelMessage[]
  readonly applied: readonly AppliedEdit[]
  readonly cleared: readonly { handle: string; tool: string; tokens: number }[]
}

/** What the model is sent of the messages. It follows from them alone, so a restart sends the same. */
export function shownMessages({ request, messages }: Session): Shown {
  const wish = request.context_management
  if (!wish || wish.edits.length === 0) return { messages, applied: [], cleared: [] }
  const cleared: { handle: string; tool: string; tokens: number }[] = []
  const placeholderOf = ({ callId, tool, tokens }: { callId: string; tool: string; tokens: number }): string => {
    cleared.push({ handle: callId, tool, tokens })
    if (!wish.recall) return "[Old tool result content cleared]"
    return `[Old tool result cleared: about ${tokens} tokens. ${recallToolName} with handle ${JSON.stringify(callId)} reads it again]`
  }
  const edited = editContext(messages, wish.edits, { placeholderOf })
  // The placeholders of an edit that was not worth while stand nowhere.
  const done = edited.applied.some(({ type }) => type === "clear_tool_uses_20250919")
  return { messages: edited.messages, applied: edited.applied, cleared: done ? cleared : [] }
}

/** Before a turn: the log says once what it does not see, and the model is offered to read that again where its client wants it. */
export function editBeforeTurn(session: Session, turn: number): void {
  const { context, request, tools } = session
  const { applied, cleared } = shownMessages(session)
  const isTold = context.history.some((event) => event.type === "context.edited" && (event.data as JsonObject)["turn"] === turn)
  if (applied.length > 0 && !isTold)
    context.emit("context.edited", { turn, applied: applied as unknown as JsonValue, cleared: cleared.map((each) => ({ ...each })) })
  const others = tools.server.filter(({ name }) => name !== recallToolName)
  const offers = request.context_management?.recall === true && cleared.length > 0 && offersUnlisted(request.tool_choice)
  const held = offers ? toolResults(currentItems(session)).filter(({ handle }) => cleared.some((each) => each.handle === handle)) : []
  session.tools = { ...tools, server: [...others, ...(held.length > 0 ? [recallTool(held)] : [])] }
}

/** What one call reads. */
export const pageCharactersMax = 8_000

const description = `Reads a tool result again that was cleared from this conversation, by the handle in its place. Long ones come in pages of ${pageCharactersMax} characters: go on with the offset that the page names.`

const parameters: JsonObject = {
  type: "object",
  properties: { handle: { type: "string" }, offset: { type: "integer", minimum: 0 } },
  required: ["handle"],
  additionalProperties: false,
}

interface Recalled {
  readonly text: string
  readonly label: Label
}

/** Made for each turn, of what was cleared in it: no handle of another conversation means anything here. */
function recallTool(held: readonly HeldResult[]): Tool {
  const tool: Tool = {
    name: recallToolName,
    description,
    parameters,
    effect: "read",
    timeoutMs: undefined,
    resultIntegrity: 0,
    labelOf: (result) => recalledOf(result).label,
    tellOf: (result) => recalledOf(result).text,
  }
  return withExecutor(tool, {
    verify: undefined,
    run: async ({ handle, offset = 0 }, { label }) => {
      const found = held.find((each) => each.handle === handle)
      if (!found) throw new Error(`there is no cleared result with the handle ${JSON.stringify(handle).slice(0, 200)}`)
      const from = offset as number // by its schema
      const to = Math.min(found.text.length, from + pageCharactersMax)
      const more = to < found.text.length ? `\n[characters ${from} to ${to} of ${found.text.length}; go on with offset ${to}]` : ""
      const text =
        from >= found.text.length && from > 0
          ? `[the result has ${found.text.length} characters]`
          : found.text.slice(from, to).toWellFormed() + more
      return { text, label: { ...joinLabels([label, found.label]) } }
    },
  })
}

function recalledOf(result: JsonValue): Recalled {
  return result as unknown as Recalled // written by the tool above
}
