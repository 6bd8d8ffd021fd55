// Runs the tool calls of a turn that are ours to run, shows them as items, and tells the model what came of them.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import type { ToolOutcome } from "../tools/index.ts"
import { fileSearchTool, passagesOf, quotedPassages, resultsOf } from "./file-search.ts"
import { saidOf } from "./said.ts"
import { influence, type Session } from "./session.ts"
import { ownServerLabel } from "./own-server.ts"
import { fileSearchName } from "./tool-choice.ts"
import type { TurnOutcome } from "./live-turn.ts"
import type { TranslatedCall } from "./turn-end.ts"

/** In the order in which the model made them; refused ones are answered too, so that every call has its output. */
export async function runServerCalls(session: Session, turn: number, calls: TurnOutcome["calls"]): Promise<void> {
  for (const [index, call] of calls.entries()) {
    if (call.route.kind === "client") continue
    session.messages.push({ role: "tool", callId: call.callId, content: await answerOf(session, `tool:${turn}:${index}`, call) })
  }
}

async function answerOf(session: Session, key: string, call: TranslatedCall): Promise<string> {
  if (call.route.kind === "refused") return call.route.reason
  const max = session.request.max_tool_calls
  if (max !== null && session.serverCalls >= max) return `No more than ${max} tool calls are allowed in this response.`
  session.serverCalls += 1
  return call.name === fileSearchName && session.tools.fileSearch
    ? quoteSearch(session, key, call.arguments)
    : runOwnTool(session, key, call)
}

/** Searches up front with the user's question, for models that quote what they are given and write no queries. */
export async function searchUpFront(session: Session, question: string): Promise<ToolOutcome | undefined> {
  if (!session.tools.fileSearch || question.trim() === "") return undefined
  session.serverCalls += 1
  return search(session, "tool:0:0", JSON.stringify({ query: question }))
}

async function quoteSearch(session: Session, key: string, args: string): Promise<string> {
  const first = session.passages.length + 1
  const outcome = await search(session, key, args)
  return outcome.status === "done" ? quotedPassages(passagesOf(outcome.result), first) : outcome.text
}

async function search(session: Session, key: string, args: string): Promise<ToolOutcome> {
  const { tools, dependencies, request, writer } = session
  const settings = tools.fileSearch
  if (!settings) throw new Error("a search without its settings") // both callers have checked
  const item = beginItem(session, key, { type: "file_search_call", status: "in_progress", queries: queriesOf(args), results: null }, [
    "file_search_call.in_progress",
    "file_search_call.searching",
  ])
  const tool = fileSearchTool(dependencies.search, settings, { user: request.acts_for ?? null, said: saidOf(request) })
  const outcome = await dependencies.callTool(session.context, { tool, arguments: args, key, label: session.label })
  influence(session, outcome.label)
  const passages = outcome.status === "done" ? passagesOf(outcome.result) : []
  session.passages.push(...passages)
  if (item !== undefined) {
    writer.progress(item, "file_search_call.completed")
    const shown = request.include.includes("file_search_call.results") ? { results: resultsOf(passages) } : {}
    writer.closeItem(item, outcome.status === "done" ? "completed" : "failed", shown)
  }
  return outcome
}

function queriesOf(args: string): string[] {
  try {
    const value: unknown = JSON.parse(args)
    return isJsonObject(value) && typeof value["query"] === "string" ? [value["query"]] : []
  } catch {
    return [] // the tool gate refuses such arguments and says why
  }
}

/** A tool of this process is shown as a call of the MCP server "perdure": the wire's word for tools that a server runs. */
async function runOwnTool(session: Session, key: string, call: TranslatedCall): Promise<string> {
  const { dependencies, writer } = session
  const tool = session.tools.server.find((each) => each.name === call.name)
  if (!tool) return `There is no tool "${call.name}".`
  const start = {
    type: "mcp_call",
    status: "in_progress",
    server_label: ownServerLabel,
    name: call.name,
    arguments: "",
    output: null,
    error: null,
  }
  const item = beginItem(session, key, { ...start, approval_request_id: null }, ["mcp_call.in_progress"], call.callId)
  if (item !== undefined && writer.log.item(item)["arguments"] === "") {
    writer.delta("mcp_call_arguments", item, undefined, call.arguments)
    writer.argumentsDone(item)
  }
  const outcome = await dependencies.callTool(session.context, { tool, arguments: call.arguments, key, label: session.label })
  influence(session, outcome.label)
  const answer = outcome.status === "done" ? (tool.tellOf?.(outcome.result) ?? textOf(outcome.result)) : outcome.text
  if (item !== undefined) {
    const done = outcome.status === "done"
    writer.progress(item, done ? "mcp_call.completed" : "mcp_call.failed")
    writer.closeItem(item, done ? "completed" : "failed", done ? { output: answer } : { error: answer })
  }
  return answer
}

function textOf(result: JsonValue): string {
  return typeof result === "string" ? result : JSON.stringify(result)
}

/**
 * The item of this call: a new one; or, after a restart, the one that an earlier attempt opened for the same key, so that
 * nothing is shown twice; undefined when that one is done already.
 */
function beginItem(
  session: Session,
  key: string,
  item: JsonObject & { type: string },
  progress: readonly string[],
  callId?: string,
): number | undefined {
  const { context, writer } = session
  const earlier = context.history.find((event) => event.type === "tool.call.started" && (event.data as JsonObject)["key"] === key)
  const index = earlier && ((earlier.data as JsonObject)["outputIndex"] as number)
  if (index !== undefined && index < writer.log.size) return writer.log.openItems().includes(index) ? index : undefined
  context.emit(
    "tool.call.started",
    {
      key,
      tool: item.type === "mcp_call" ? item["name"] : fileSearchName,
      outputIndex: writer.log.size,
      ...(callId === undefined ? {} : { callId }),
    },
    { label: session.label },
  )
  const added = writer.addItem(item)
  for (const each of progress) writer.progress(added, each)
  return added
}
