// Gives each streamed tool call one index that never changes, although providers leave indexes out, send -1 or reuse them.
import { isJsonObject, type JsonObject, type NewId } from "../../../core/index.ts"
import { wrapping } from "../../custom-tools.ts"
import type { ModelEvent } from "../../types.ts"

type ToolCallEvent = Extract<ModelEvent, { type: "tool-call-started" | "tool-call-delta" }>

interface OpenCall {
  index: number
  /** As the provider named it; null where it did not. */
  id: string | null
  /** Its text is wrapped, as functions have it. */
  isCustom: boolean
  hasArguments: boolean
}

export class ToolCallIndex {
  readonly #newId: NewId
  readonly #calls: OpenCall[] = []
  /** The call that the provider's index means at the moment. */
  readonly #byUpstreamIndex = new Map<number, OpenCall>()

  constructor(newId: NewId) {
    this.#newId = newId
  }

  get count(): number {
    return this.#calls.length
  }

  /** One member of `delta.tool_calls`. */
  accept(part: JsonObject): ToolCallEvent[] {
    const custom = isJsonObject(part["custom"]) ? part["custom"] : undefined
    const fn = custom ?? (isJsonObject(part["function"]) ? part["function"] : {})
    const id = typeof part["id"] === "string" && part["id"] !== "" ? part["id"] : null
    const name = typeof fn["name"] === "string" && fn["name"] !== "" ? fn["name"] : null
    const upstreamIndex =
      typeof part["index"] === "number" && Number.isSafeInteger(part["index"]) && part["index"] >= 0 ? part["index"] : null
    const known = this.#find(upstreamIndex, id, name)
    const call = known ?? this.#open(upstreamIndex, id, custom !== undefined)
    const events: ToolCallEvent[] = known
      ? []
      : [{ type: "tool-call-started", index: call.index, callId: id ?? this.#newId("call"), name: name ?? "", ...signatureOf(part) }]
    const text = call.isCustom ? wrapped(fn["input"], known === undefined) : argumentsOf(fn["arguments"])
    if (text !== "") {
      call.hasArguments = true
      events.push({ type: "tool-call-delta", index: call.index, arguments: text })
    }
    return events
  }

  /** Empty arguments become `{}` only now, when nothing more can come; so does the end of a custom tool's text. */
  completed(): ToolCallEvent[] {
    return this.#calls.flatMap(({ index, isCustom, hasArguments }) => {
      if (hasArguments && !isCustom) return []
      return [{ type: "tool-call-delta", index, arguments: isCustom ? wrapping.end : "{}" }]
    })
  }

  #find(upstreamIndex: number | null, id: string | null, name: string | null): OpenCall | undefined {
    if (upstreamIndex !== null) {
      const call = this.#byUpstreamIndex.get(upstreamIndex)
      const another = call !== undefined && id !== null && call.id !== null && id !== call.id
      return another ? this.#calls.find((each) => each.id === id) : call
    }
    if (id !== null) return this.#calls.find((each) => each.id === id)
    // Neither index nor id: a name begins a call, anything else continues the last one.
    return name === null ? this.#calls.at(-1) : undefined
  }

  #open(upstreamIndex: number | null, id: string | null, isCustom: boolean): OpenCall {
    const call = { index: this.#calls.length, id, isCustom, hasArguments: false }
    this.#calls.push(call)
    if (upstreamIndex !== null) this.#byUpstreamIndex.set(upstreamIndex, call)
    return call
  }
}

/** Where Gemini's own OpenAI-compatible answers carry it. */
function signatureOf({ extra_content: extra }: JsonObject): { signature?: string } {
  const google = isJsonObject(extra) ? extra["google"] : undefined
  const signature = isJsonObject(google) ? google["thought_signature"] : undefined
  return typeof signature === "string" ? { signature } : {}
}

function wrapped(input: unknown, isFirst: boolean): string {
  return (isFirst ? wrapping.begin : "") + wrapping.piece(typeof input === "string" ? input : "")
}

/** Text as sent; some providers send the object itself. */
function argumentsOf(value: unknown): string {
  if (typeof value === "string") return value
  return value === undefined || value === null ? "" : JSON.stringify(value)
}
