// Translates the events of one model call into items of the response, in an order that strict clients accept, whatever the model sends.
import { AppError } from "../core/index.ts"
import type { Citation, ModelEvent, ModelToolCall, ModelUsage } from "../inference/index.ts"
import type { ResponseWriter } from "./response-writer.ts"

/** What becomes of a call that the model makes: shown to the client, run here, or refused with a reason for the model. */
export type CallRoute = { kind: "client" } | { kind: "server" } | { kind: "refused"; reason: string }

export interface TranslatedCall extends ModelToolCall {
  readonly route: CallRoute
}

export interface TurnEnd {
  readonly reason: "stop" | "length" | "tool_calls" | "content_filter"
  readonly usage: ModelUsage
  readonly upstreamModel: string
  readonly calls: readonly TranslatedCall[]
}

interface OpenCall {
  readonly callId: string
  readonly name: string
  readonly route: CallRoute
  readonly outputIndex: number | undefined
  arguments: string
}

/**
 * Items stay open until nothing can be added to them: reasoning ends when text or a call begins, a message when a call
 * begins, calls when the turn ends (parallel calls may interleave). An item is only closed when all before it are, so
 * that `output_item.done` comes in the order of the indexes; text that arrives behind an open call joins the open message.
 */
export class TurnTranslator {
  readonly #writer: ResponseWriter
  readonly #route: (name: string, callsSoFar: number) => CallRoute
  readonly #onEnd: (end: TurnEnd) => void
  readonly #calls = new Map<number, OpenCall>()
  #message: number | undefined
  #reasoning: number | undefined
  #part: { index: number; kind: "output_text" | "refusal" } | undefined
  #end: TurnEnd | undefined

  constructor(
    writer: ResponseWriter,
    route: (name: string, callsSoFar: number) => CallRoute,
    onEnd: (end: TurnEnd) => void = () => undefined,
  ) {
    this.#writer = writer
    this.#route = route
    this.#onEnd = onEnd
  }

  get end(): TurnEnd | undefined {
    return this.#end
  }

  /** Another model answers instead: what is open ends `incomplete`, and the output begins behind it. */
  beginAnew(): void {
    if (this.#calls.size > 0) throw protocolBreach("another answer after a tool call")
    this.#writer.closeAll("incomplete")
    this.#message = undefined
    this.#reasoning = undefined
    this.#part = undefined
  }

  take(event: ModelEvent): void {
    if (this.#end) throw protocolBreach(`an event "${event.type}" after the end of the answer`)
    switch (event.type) {
      case "text-delta":
        return this.#text("output_text", event.text)
      case "refusal-delta":
        return this.#text("refusal", event.text)
      case "reasoning-delta":
        return this.#think(event.text)
      case "citation":
        return this.#cite(event.citation)
      case "tool-call-started":
        return this.#call(event.index, event.callId, event.name)
      case "tool-call-delta":
        return this.#argue(event.index, event.arguments)
      case "finished":
        return this.#finish(event)
    }
  }

  #text(kind: "output_text" | "refusal", text: string): void {
    if (text === "") return
    this.#writer.delta(kind, this.#openMessage(), this.#openPart(kind), text)
  }

  #cite({ fileId, filename, index }: Citation): void {
    const message = this.#openMessage()
    const part = this.#openPart("output_text")
    this.#writer.annotate(message, part, { type: "file_citation", file_id: fileId, filename, index })
  }

  #openMessage(): number {
    this.#closeReasoning()
    if (this.#message === undefined) {
      this.#message = this.#writer.addItem({ type: "message", status: "in_progress", role: "assistant", content: [] })
      this.#part = undefined
    }
    return this.#message
  }

  /** The open part of that kind in the open message; one of the other kind is ended first. */
  #openPart(kind: "output_text" | "refusal"): number {
    const message = this.#openMessage()
    if (this.#part?.kind === kind) return this.#part.index
    if (this.#part) this.#writer.closePart(message, this.#part.index, this.#part.kind)
    this.#part = { index: this.#writer.addPart(message, kind), kind }
    return this.#part.index
  }

  #think(text: string): void {
    if (text === "") return
    if (this.#reasoning === undefined) {
      this.#closeMessage()
      this.#reasoning = this.#writer.addItem({ type: "reasoning", status: "in_progress", summary: [], content: [] })
      this.#writer.addPart(this.#reasoning, "reasoning_text")
    }
    this.#writer.delta("reasoning_text", this.#reasoning, 0, text)
  }

  #call(index: number, callId: string, name: string): void {
    if (this.#calls.has(index)) throw protocolBreach(`a second beginning of tool call ${index}`)
    this.#closeReasoning()
    this.#closeMessage()
    const accepted = [...this.#calls.values()].filter((call) => call.route.kind !== "refused").length
    const route = this.#route(name, accepted)
    const item = { type: "function_call", status: "in_progress", call_id: callId, name, arguments: "" }
    const outputIndex = route.kind === "client" ? this.#writer.addItem(item) : undefined
    this.#calls.set(index, { callId, name, route, outputIndex, arguments: "" })
  }

  #argue(index: number, text: string): void {
    const call = this.#calls.get(index)
    if (!call) throw protocolBreach(`arguments of tool call ${index}, which never began`)
    call.arguments += text
    if (call.outputIndex !== undefined) this.#writer.delta("function_call_arguments", call.outputIndex, undefined, text)
  }

  /** The end is told first and the items are closed after it: an attempt that dies in between leaves nothing to guess. */
  #finish({ reason, usage, upstreamModel }: Extract<ModelEvent, { type: "finished" }>): void {
    const calls = [...this.#calls.values()].map(({ callId, name, route, arguments: text }) => ({
      callId,
      name,
      arguments: isCut(reason) || text.trim() !== "" ? text : `${text}{}`,
      route,
    }))
    this.#end = { reason, usage, upstreamModel, calls }
    this.#writer.flush()
    this.#onEnd(this.#end)
    closeTurn(this.#writer, reason)
  }

  #closeReasoning(): void {
    if (this.#reasoning !== undefined && this.#close(this.#reasoning)) this.#reasoning = undefined
  }

  #closeMessage(): void {
    if (this.#message !== undefined && this.#close(this.#message)) this.#message = undefined
  }

  /** Whether the item could be ended: all before it are. */
  #close(index: number): boolean {
    if (this.#writer.log.openItems()[0] !== index) return false
    this.#writer.closeItem(index, "completed")
    return true
  }
}

function isCut(reason: TurnEnd["reason"]): boolean {
  return reason === "length" || reason === "content_filter"
}

/** Ends the items of a turn that has ended. A cut one leaves its last item incomplete; a call without arguments gets the empty object. */
export function closeTurn(writer: ResponseWriter, reason: TurnEnd["reason"]): void {
  for (const index of writer.log.openItems()) {
    const item = writer.log.item(index)
    const blank = item.type === "function_call" && (item["arguments"] as string).trim() === ""
    // As a delta, so that the sum of the deltas stays the whole.
    if (blank && !isCut(reason)) writer.delta("function_call_arguments", index, undefined, "{}")
    writer.closeItem(index, isCut(reason) && index === writer.log.size - 1 ? "incomplete" : "completed")
  }
}

function protocolBreach(what: string): AppError {
  return new AppError("upstream_error", `The model's answer is not valid: ${what}`)
}
