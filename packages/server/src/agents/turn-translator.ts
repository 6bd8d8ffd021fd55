// Translates the events of one model call into items of the response, in an order that strict clients accept, whatever the model sends.
import { AppError, type JsonObject } from "../core/index.ts"
import { CustomInput, type Citation, type Dialect, type ModelEvent, type ModelReasoning } from "../inference/index.ts"
import { beginningOf, type CallRoute } from "./call-route.ts"
import type { KeptReasoning } from "./kept-reasoning.ts"
import type { ResponseWriter } from "./response-writer.ts"
import { searchArguments } from "./searched-tools.ts"
import { closeTurn, isCut, type TurnEnd } from "./turn-end.ts"

/** What a reasoning item shows, and what it carries for the model that made it. */
export interface ReasoningKeeper {
  /** Its client asked for a summary, and is given the words as one. */
  readonly asSummary?: boolean
  seal(kept: KeptReasoning): string
  /** Of the deployment that answers: some give their reasoning back as plain text. */
  dialect(): Dialect
}

interface Thought {
  readonly outputIndex: number
  text: string
  /** What has to come back, as far as the model has said so. */
  readonly ended: ModelReasoning[]
}

interface OpenCall {
  readonly callId: string
  readonly signature: string | undefined
  readonly name: string
  readonly route: CallRoute
  readonly outputIndex: number | undefined
  /** Of a custom tool: takes its text out of the arguments. */
  readonly input: CustomInput | undefined
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
  readonly #keeper: ReasoningKeeper | undefined
  /** Of items that wait for their turn to be closed. */
  readonly #sealed = new Map<number, JsonObject>()
  readonly #calls = new Map<number, OpenCall>()
  /** Items that only their provider knows: its place → ours. */
  readonly #passed = new Map<number, number>()
  #message: number | undefined
  #thought: Thought | undefined
  #part: { index: number; kind: "output_text" | "refusal" } | undefined
  #end: TurnEnd | undefined

  constructor(
    writer: ResponseWriter,
    route: (name: string, callsSoFar: number) => CallRoute,
    onEnd: (end: TurnEnd) => void = () => undefined,
    keeper?: ReasoningKeeper,
  ) {
    this.#writer = writer
    this.#route = route
    this.#onEnd = onEnd
    this.#keeper = keeper
  }

  get end(): TurnEnd | undefined {
    return this.#end
  }

  /** Another model answers instead: what is open ends `incomplete`, and the output begins behind it. */
  beginAnew(): void {
    if (this.#calls.size > 0) throw protocolBreach("another answer after a tool call")
    this.#writer.closeAll("incomplete")
    this.#message = undefined
    this.#thought = undefined
    this.#sealed.clear()
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
      case "reasoning-ended":
        return this.#thoughtEnded(event.reasoning)
      case "citation":
        return this.#cite(event.citation)
      case "image":
        return this.#drawn(event)
      case "tool-call-started":
        return this.#call(event)
      case "tool-call-delta":
        return this.#argue(event.index, event.arguments)
      case "item-started":
        return this.#passedStarted(event.index, event.item)
      case "item-progress":
        return this.#writer.passOn(this.#passedAt(event.index), event.event)
      case "item-done":
        return this.#passedDone(event.index, event.item)
      case "annotation":
        return this.#writer.annotate(this.#openMessage(), this.#openPart("output_text"), event.annotation)
      case "finished":
        return this.#finish(event)
    }
  }

  /** What a chat model draws stands where OpenAI's own image tool would have put it. */
  #drawn({ mediaType, data }: Extract<ModelEvent, { type: "image" }>): void {
    this.#closeReasoning()
    this.#closeMessage()
    const outputIndex = this.#writer.addItem({ type: "image_generation_call", status: "in_progress", result: null })
    for (const state of ["in_progress", "generating", "completed"]) this.#writer.progress(outputIndex, `image_generation_call.${state}`)
    const made = { result: data, output_format: mediaType.replace(/^image\//, "") }
    if (this.#writer.log.openItems()[0] === outputIndex) this.#writer.closeItem(outputIndex, "completed", made)
    else this.#sealed.set(outputIndex, made)
  }

  #passedStarted(index: number, { id, ...item }: JsonObject): void {
    this.#closeReasoning()
    this.#closeMessage()
    const prefix = typeof id === "string" ? /^([a-z]+)_/.exec(id)?.[1] : undefined
    this.#passed.set(index, this.#writer.addItem({ ...item, type: item["type"] as string }, prefix))
  }

  #passedAt(index: number): number {
    const outputIndex = this.#passed.get(index)
    if (outputIndex === undefined) throw protocolBreach(`an event of item ${index}, which never began`)
    return outputIndex
  }

  #passedDone(index: number, done: JsonObject): void {
    const { id: _, ...item } = done
    const outputIndex = this.#passedAt(index)
    if (this.#writer.log.openItems()[0] === outputIndex) this.#writer.closePassed(outputIndex, item)
    else this.#sealed.set(outputIndex, item)
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
    if (this.#thought && this.#thought.ended.length > 0) this.#closeReasoning()
    const thought = this.#openThought()
    const kind = this.#keeper?.asSummary ? "reasoning_summary_text" : "reasoning_text"
    if (thought.text === "") this.#writer.addPart(thought.outputIndex, kind)
    thought.text += text
    this.#writer.delta(kind, thought.outputIndex, 0, text)
  }

  /** Some providers say several things of one thought; the first has its text. */
  #thoughtEnded(reasoning: Omit<ModelReasoning, "text">): void {
    if (!this.#keeper) return
    const thought = this.#openThought()
    thought.ended.push({ ...reasoning, text: thought.ended.length === 0 ? thought.text : "" })
  }

  #openThought(): Thought {
    if (this.#thought) return this.#thought
    this.#closeMessage()
    const outputIndex = this.#writer.addItem({ type: "reasoning", status: "in_progress", summary: [], content: [] })
    return (this.#thought = { outputIndex, text: "", ended: [] })
  }

  #call({ index, callId, name, signature }: Extract<ModelEvent, { type: "tool-call-started" }>): void {
    if (this.#calls.has(index)) throw protocolBreach(`a second beginning of tool call ${index}`)
    this.#closeReasoning()
    this.#closeMessage()
    const accepted = [...this.#calls.values()].filter((call) => call.route.kind !== "refused").length
    const route = this.#route(name, accepted)
    if (route.kind === "client" && signature !== undefined) this.#keepSignature(callId, signature)
    const isCustom = route.kind === "client" && route.custom === true
    const outputIndex = route.kind === "client" ? this.#writer.addItem(beginningOf(route, callId, name)) : undefined
    this.#calls.set(index, {
      callId,
      name,
      route,
      outputIndex,
      signature,
      input: isCustom ? new CustomInput() : undefined,
      arguments: "",
    })
  }

  /** A call has no place for it, so it stands in a reasoning item before the call. */
  #keepSignature(callId: string, signature: string): void {
    if (!this.#keeper) return
    const { outputIndex } = this.#openThought()
    this.#thought = undefined
    this.#closeSealed(outputIndex, { reasoning: [], calls: { [callId]: signature } })
  }

  #argue(index: number, text: string): void {
    const call = this.#calls.get(index)
    if (!call) throw protocolBreach(`arguments of tool call ${index}, which never began`)
    call.arguments += text
    if (call.outputIndex === undefined) return
    if (call.route.kind === "client" && call.route.wire?.kind === "search") return // told whole, at the end
    if (call.input) this.#writer.delta("custom_tool_call_input", call.outputIndex, undefined, call.input.take(text))
    else this.#writer.delta("function_call_arguments", call.outputIndex, undefined, text)
  }

  /** What a model wrote in another form than it was asked for is known only now. */
  #endInputs(): void {
    for (const { input, outputIndex } of this.#calls.values())
      if (input && outputIndex !== undefined) this.#writer.delta("custom_tool_call_input", outputIndex, undefined, input.end())
  }

  /** The end is told first and the items are closed after it: an attempt that dies in between leaves nothing to guess. */
  #finish({ reason, usage, upstreamModel, serviceTier }: Extract<ModelEvent, { type: "finished" }>): void {
    this.#endInputs()
    const calls = [...this.#calls.values()].map(({ callId, name, route, signature, input, arguments: text }) => ({
      callId,
      name,
      ...(input ? { custom: true } : {}),
      ...(signature === undefined ? {} : { signature }),
      arguments: isCut(reason) || text.trim() !== "" ? text : `${text}{}`,
      route,
    }))
    this.#end = { reason, usage, upstreamModel, calls, ...(serviceTier === undefined ? {} : { serviceTier }) }
    this.#writer.flush()
    this.#onEnd(this.#end)
    if (this.#thought) this.#seal(this.#thought.outputIndex, this.#keptOf(this.#thought))
    closeTurn(this.#writer, reason, new Map([...this.#sealed, ...searchArguments(this.#writer, calls)]))
  }

  #closeReasoning(): void {
    const thought = this.#thought
    if (!thought) return
    this.#thought = undefined
    this.#closeSealed(thought.outputIndex, this.#keptOf(thought))
  }

  #closeSealed(outputIndex: number, kept: KeptReasoning | undefined): void {
    this.#seal(outputIndex, kept)
    if (this.#writer.log.openItems()[0] === outputIndex) this.#writer.closeItem(outputIndex, "completed", this.#sealed.get(outputIndex))
  }

  #seal(outputIndex: number, kept: KeptReasoning | undefined): void {
    if (kept && this.#keeper) this.#sealed.set(outputIndex, { encrypted_content: this.#keeper.seal(kept) })
  }

  /** Chat completions give reasoning back as the text that it was, though nobody signed it. */
  #keptOf({ ended, text }: Thought): KeptReasoning | undefined {
    if (ended.length > 0) return { reasoning: ended, calls: {} }
    return this.#keeper?.dialect() === "openai-chat" ? { reasoning: [{ text, dialect: "openai-chat" }], calls: {} } : undefined
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

function protocolBreach(what: string): AppError {
  return new AppError("upstream_error", `The model's answer is not valid: ${what}`)
}
