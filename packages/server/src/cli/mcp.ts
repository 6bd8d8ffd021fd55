// `perdure mcp`: the tools of memory over standard input and output, for desktop clients; a bridge to a server, which is started here where none runs.
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js"
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js"
import { serverFromEnvironment } from "../config/index.ts"
import { messageOf } from "../core/index.ts"
import { exitCodes } from "./exit-codes.ts"
import { McpBridge } from "./mcp-bridge.ts"
import { namedPlace, ownPlace } from "./mcp-places.ts"
import type { ConfigOptions } from "./options.ts"
import { hasTerminal, stopSignal } from "./stop-signal.ts"
import type { Terminal } from "./terminal.ts"

export interface McpOptions extends ConfigOptions {
  url?: string
  key?: string
  /** Whose memory, where the model names none. */
  scope?: string
}

/** Standard output belongs to the protocol: whatever else is said goes to standard error. Ends with its input. */
export async function mcp(options: McpOptions, terminal: Terminal): Promise<number> {
  const environment = serverFromEnvironment()
  const url = options.url ?? environment.url
  const key = options.key ?? environment.apiKey?.reveal()
  const stopping = stopSignal(() => process.exit(exitCodes.failed), hasTerminal())
  const note = (text: string): void => terminal.note(`perdure mcp: ${text}`)
  await using places = url === undefined ? ownPlace({ options, key, note }) : namedPlace(url, key)
  // Before anything is answered: a client shows why a server that it started does not come up.
  await places.current()
  const bridge = new McpBridge({ places, scope: options.scope, note })
  const transport = new StdioServerTransport()
  Object.assign(transport, {
    onmessage: (message) => void bridge.take(message, (answer) => transport.send(answer)),
    onerror: (error) => note(`what came is not the protocol's: ${messageOf(error)}`),
  } satisfies Partial<Transport>)
  const ended = new Promise<void>((resolve) => {
    process.stdin.once("end", resolve)
    process.stdin.once("close", resolve)
  })
  await transport.start()
  await Promise.race([ended, stopping])
  await bridge.finish()
  await transport.close()
  return exitCodes.ok
}
