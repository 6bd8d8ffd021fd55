// What a response used of the tools that its provider runs, by the names under which these are paid.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import { countOf } from "../usage.ts"

/** Paid by their tokens alone. */
const free: ReadonlySet<string> = new Set([
  "compaction",
  "mcp_approval_request",
  "mcp_approval_response",
  "mcp_call",
  "mcp_list_tools",
  "tool_search_call",
  "tool_search_output",
])

/** `items`: those of its output that are neither words nor calls of the client. Undefined where nothing is charged for. */
export function hostedCalls(response: JsonObject, items: readonly JsonObject[]): Record<string, number> | undefined {
  const tools = listOf(response["tools"]).filter(isJsonObject)
  const calls = new Map<string, number>()
  const containers = new Set<JsonValue | undefined>()
  const search = tools.some(({ type }) => typeof type === "string" && type.startsWith("web_search_preview"))
    ? "web_search_preview"
    : "web_search"
  for (const item of items) {
    const { type, container_id: container } = item
    if (type === "code_interpreter_call") {
      // A session of a container is paid, not what is executed in it.
      if (typeof container === "string" && containers.has(container)) continue
      containers.add(container)
    }
    const name = type === "web_search_call" ? searchOf(item, search) : type === "code_interpreter_call" ? interpreter(tools) : nameOf(item)
    if (name !== undefined) calls.set(name, (calls.get(name) ?? 0) + 1)
  }
  const told = searchesTold(response)
  if (told !== undefined && told > 0) calls.set(search, told)
  return calls.size === 0 ? undefined : Object.fromEntries(calls)
}

/** To open a page, or to look for something in it, is no search. */
function searchOf({ action }: JsonObject, search: string): string | undefined {
  return !isJsonObject(action) || action["type"] === "search" ? search : undefined
}

function interpreter(tools: readonly JsonObject[]): string {
  const container = tools.find(({ type }) => type === "code_interpreter")?.["container"]
  const memory = isJsonObject(container) ? container["memory_limit"] : undefined
  return typeof memory === "string" && memory !== "1g" ? `code_interpreter_${memory.slice(0, 8)}` : "code_interpreter"
}

/** What nobody has told the price of keeps its name, and has none. */
function nameOf({ type, call_id: callId, environment }: JsonObject): string | undefined {
  if (type === "shell_call" && isJsonObject(environment) && environment["type"] === "container_reference") return "shell"
  if (typeof type !== "string" || typeof callId === "string" || free.has(type) || type.endsWith("_output")) return undefined
  return type.replace(/_call$/, "").slice(0, 60)
}

function searchesTold({ tool_usage: used }: JsonObject): number | undefined {
  const searches = isJsonObject(used) ? used["web_search"] : undefined
  return isJsonObject(searches) ? countOf(searches["num_requests"]) : undefined
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
