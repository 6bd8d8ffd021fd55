// Context editing within a response: old tool results and old reasoning leave what the model is sent, and a cleared result can be read again by its handle.
import type { JsonObject, JsonValue } from "../core/index.ts"
import { editContext, type AppliedEdit, type ModelMessage } from "../inference/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import { withExecutor, type Tool } from "../tools/index.ts"
import { clearedPlaceholder, pageOf, recallDeclaration, unknownHandle } from "./recalled-result.ts"
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
    return wish.recall ? clearedPlaceholder({ callId, tokens }) : "[Old tool result content cleared]"
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

interface Recalled {
  readonly text: string
  readonly label: Label
}

/** Made for each turn, of what was cleared in it: no handle of another conversation means anything here. */
function recallTool(held: readonly HeldResult[]): Tool {
  const tool: Tool = {
    name: recallToolName,
    description: recallDeclaration.description,
    parameters: recallDeclaration.parameters,
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
      if (!found) throw new Error(unknownHandle(handle))
      const text = pageOf(found.text, offset as number) // by its schema
      return { text, label: { ...joinLabels([label, found.label]) } }
    },
  })
}

function recalledOf(result: JsonValue): Recalled {
  return result as unknown as Recalled // written by the tool above
}
