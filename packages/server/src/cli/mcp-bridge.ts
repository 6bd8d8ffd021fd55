// Takes messages of MCP to a server's `/mcp` and its answers back; each request stands for itself, as the server has no sessions.
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js"
import { isJsonObject, messageOf, type JsonObject } from "../core/index.ts"
import type { McpPlaces } from "./mcp-places.ts"

export interface McpBridgeOptions {
  places: Pick<McpPlaces, "current" | "lost">
  scope: string | undefined
  note: (text: string) => void
}

/** After the end of the input, what was asked before it is still answered, for so long. */
const finishMs = 10_000
/** A place that is gone is looked for again once per message. */
const triesMax = 2
const serverFailed = -32_000

type Send = (answer: JSONRPCMessage) => Promise<void>

export class McpBridge {
  readonly #options: McpBridgeOptions
  readonly #underWay = new Set<Promise<void>>()
  readonly #cancels = new Map<RequestId, AbortController>()
  #protocolVersion: string | undefined

  constructor(options: McpBridgeOptions) {
    this.#options = options
  }

  take(message: JSONRPCMessage, send: Send): Promise<void> {
    const work = this.#answer(message, send).catch((error: unknown) => this.#options.note(messageOf(error)))
    this.#underWay.add(work)
    return work.finally(() => this.#underWay.delete(work))
  }

  /** What is under way is answered, or given up. */
  async finish(): Promise<void> {
    const late = setTimeout(() => {
      for (const cancel of this.#cancels.values()) cancel.abort()
    }, finishMs)
    await Promise.all(this.#underWay)
    clearTimeout(late)
  }

  async #answer(message: JSONRPCMessage, send: Send): Promise<void> {
    if (!("method" in message)) return // the server asks its clients nothing
    if (!("id" in message)) return this.#notify(message)
    const cancel = new AbortController()
    this.#cancels.set(message.id, cancel)
    try {
      const answer = await this.#ask(message, cancel.signal)
      if (isJsonObject(answer["result"]) && typeof answer["result"]["protocolVersion"] === "string")
        this.#protocolVersion = answer["result"]["protocolVersion"]
      await send({ ...answer, jsonrpc: "2.0", id: message.id } as JSONRPCMessage) // what the server says is the protocol's
    } catch (error) {
      if (cancel.signal.aborted) return
      this.#options.note(messageOf(error))
      await send({ jsonrpc: "2.0", id: message.id, error: { code: serverFailed, message: messageOf(error) } })
    } finally {
      this.#cancels.delete(message.id)
    }
  }

  /** Each request stands for itself there, so only its own connection can end it. */
  #notify(message: JSONRPCMessage): void {
    if (!("method" in message) || message.method !== "notifications/cancelled") return
    const id = message.params?.["requestId"]
    if (typeof id === "string" || typeof id === "number") this.#cancels.get(id)?.abort()
  }

  async #ask(message: JSONRPCMessage, signal: AbortSignal): Promise<JsonObject> {
    const { places, scope } = this.#options
    for (let tries = 1; ; tries++) {
      const place = await places.current()
      const address = new URL("/mcp", place.url)
      if (scope !== undefined) address.searchParams.set("scope", scope)
      const response = await fetch(address, {
        method: "POST",
        headers: this.#headers(place.key),
        body: JSON.stringify(message),
        signal,
      }).catch((error: unknown) => {
        signal.throwIfAborted()
        if (!wasRefused(error)) throw new Error(`the server at ${place.url} broke off: ${messageOf(error)}`, { cause: error })
        return undefined
      })
      // Nothing was done there: it was not reached, or knows no such key. Whatever else happens, a request is sent once.
      const isGone = response === undefined || response.status === 401
      if (isGone && tries < triesMax && (await places.lost(place))) continue
      if (!response) throw new Error(`the server at ${place.url} does not answer`)
      return answerIn(response, place.url)
    }
  }

  #headers(key: string): Record<string, string> {
    return {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(this.#protocolVersion === undefined ? {} : { "mcp-protocol-version": this.#protocolVersion }),
    }
  }
}

function wasRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return typeof cause === "object" && cause !== null && "code" in cause && (cause.code === "ECONNREFUSED" || cause.code === "ENOTFOUND")
}

/** An answer of the protocol, or the API's error in its words. */
async function answerIn(response: Response, url: string): Promise<JsonObject> {
  const text = await response.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (isJsonObject(value)) {
    if ("result" in value || (response.ok && "error" in value)) return value
    const error = value["error"]
    if (isJsonObject(error) && typeof error["code"] === "number") return value
    if (isJsonObject(error) && typeof error["message"] === "string") throw new Error(`${error["message"]} (${response.status} of ${url})`)
  }
  throw new Error(`the server at ${url} answered ${response.status} and no message of the protocol`)
}
