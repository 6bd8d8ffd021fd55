// Memory over the Model Context Protocol: streamable HTTP without sessions, one server per request.
import { Hono } from "hono"
import { parseScope, type Memories } from "../../context/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "./answer.ts"
import type { ScopeRecording } from "./scope-writes.ts"

export interface McpRoutesOptions extends ScopeRecording {
  memories: Pick<Memories, "remember" | "recall" | "pin" | "forget" | "get" | "explain">
  version: string
}

export function mcpRoutes(options: McpRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.post("/mcp", async (context) => {
    // Loaded by the first that asks: most servers never see one.
    const { answerMcp } = await import("./mcp-server.ts")
    const scope = context.req.query("scope")
    if (scope !== undefined) parseScope(scope)
    return answerMcp(options, { principal: context.get("principal"), scope }, context.req.raw)
  })
  // Nothing is ever sent unasked, and there is no session to end: what the protocol has for both is this status.
  routes.on(["GET", "DELETE"], "/mcp", () => {
    const response = answer({ jsonrpc: "2.0", error: { code: -32_000, message: "This server has no sessions: send POST." }, id: null }, 405)
    response.headers.set("allow", "POST")
    return response
  })
  return routes
}
