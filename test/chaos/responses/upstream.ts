// The model behind the fake provider: does what the last marked message says, says other words in each call, and remembers every call.
import type { FakeAnswer, FakeToolCall, ReceivedRequest } from "../../../packages/server/src/testing/fake-provider.ts"
import { between, type Chance } from "./chance.ts"

/** What a user's message tells the model to do. */
export interface Order {
  readonly ticket: string
  readonly act: "say" | "notify" | "functions" | "length" | "break"
  readonly words: number
  /** Calls of the tool in one turn. */
  readonly calls: number
  readonly chunkMs: number
}

export interface ModelCallRecord {
  readonly ticket: string
  /** Everything that this call says; no other call says the same. */
  readonly text: string
  readonly callIds: readonly string[]
  /** Tickets named anywhere in the messages. */
  readonly context: readonly string[]
}

export const brokenMessage = "the upstream broke, as it was told to"
/** The reported input tokens are this and the number of the call, so that the bill names its calls. */
export const inputTokensBase = 10_000

export function orderText(order: Order): string {
  return `Do as you are told: <order>${JSON.stringify(order)}</order>`
}

export class Upstream {
  readonly calls: ModelCallRecord[] = []
  readonly problems: string[] = []
  readonly #chance: Chance
  readonly #callsOfTicket = new Map<string, number>()

  constructor(chance: Chance) {
    this.#chance = chance
  }

  readonly answer = (request: ReceivedRequest): FakeAnswer => {
    const orders = [...request.text.matchAll(/<order>(.*?)<\/order>/g)].flatMap(([, text]) => (text === undefined ? [] : [orderOf(text)]))
    const order = orders.at(-1)
    if (!order) {
      this.problems.push(`a request without an order: ${request.text.slice(0, 300)}`)
      return { error: { status: 400, message: "no order" } }
    }
    const serial = this.calls.length
    const nth = (this.#callsOfTicket.get(order.ticket) ?? 0) + 1
    this.#callsOfTicket.set(order.ticket, nth)
    const messages = request.body["messages"] as readonly { role: string }[] // chat completions
    const asksForTools = order.act === "functions" || (order.act === "notify" && messages.at(-1)?.role !== "tool")
    const words = Array.from({ length: order.words }, (_, index) => `c${serial}w${index} `)
    const toolCalls = asksForTools ? this.#toolCalls(order, serial) : undefined
    this.calls.push({
      ticket: order.ticket,
      text: toolCalls ? "" : words.join(""),
      callIds: toolCalls?.map((call) => call.id) ?? [],
      context: orders.map((each) => each.ticket),
    })
    const paceOf = (what: string, max: number): number => between(this.#chance, `${what} ${order.ticket} ${nth}`, 0, max)
    return {
      ...(toolCalls ? { toolCalls } : { text: words }),
      ...(order.act === "length" ? { finishReason: "length" } : {}),
      ...(order.act === "break" ? { streamError: { afterFrames: Math.ceil(order.words / 2), message: brokenMessage } } : {}),
      delayMs: paceOf("head", 120),
      firstChunkDelayMs: paceOf("first chunk", 120),
      chunkDelayMs: order.chunkMs,
      usage: { prompt_tokens: inputTokensBase + serial, completion_tokens: order.words },
    }
  }

  #toolCalls({ ticket, act, calls, chunkMs }: Order, serial: number): FakeToolCall[] {
    return Array.from({ length: act === "functions" ? 2 : calls }, (_, index): FakeToolCall => {
      const id = `call_${serial}_${index}`
      if (act === "functions") return { id, name: index === 0 ? "first" : "second", arguments: ['{"call"', ":", `"${id}"`, "}"] }
      const pace = (what: string): number => Math.round(this.#chance(`${what} ${ticket} ${id}`) * 20 * chunkMs)
      const input = { ticket, call: id, beforeMs: pace("before"), afterMs: pace("after") }
      return { id, name: "notify", arguments: JSON.stringify(input).split(/(?=,)/) }
    })
  }
}

/** The message is JSON inside the JSON of the request. */
function orderOf(text: string): Order {
  return JSON.parse(JSON.parse(`"${text}"`) as string) as Order
}
