// An answer whose model may read cleared tool results again: calls for these are answered here and asked on, all others are the client's.
import { answerRecall, recallDeclaration } from "../../agents/index.ts"
import {
  addUsage,
  type ModelCall,
  type ModelEvent,
  type ModelMessage,
  type ModelReasoning,
  type ModelToolCall,
  type ModelUsage,
} from "../../inference/index.ts"

type Finished = Extract<ModelEvent, { type: "finished" }>

/** The client sees one answer, with what all calls have used. The last of `roundsMax` calls is not offered the tool. */
export async function* withRecalls(
  ask: (call: ModelCall) => AsyncIterable<ModelEvent>,
  call: ModelCall,
  roundsMax: number,
): AsyncGenerator<ModelEvent> {
  let asked = call
  let used: ModelUsage | undefined
  for (let round = 1; ; round++) {
    const said = new Round()
    const offered = round < roundsMax ? asked : { ...asked, tools: asked.tools.filter(({ name }) => name !== recallDeclaration.name) }
    for await (const event of ask(offered)) if (!said.take(event)) yield event
    const { finished } = said
    if (!finished) return // what ends without it has thrown
    used = used ? addUsage(used, finished.usage) : finished.usage
    if (said.recalls.length === 0 || said.hasOthers) {
      yield { ...finished, usage: used }
      return
    }
    const { continuesPrefix: _, ...rest } = asked
    asked = { ...rest, messages: [...asked.messages, ...said.messages(call.cleared ?? [])] }
  }
}

/** One call of the model. */
class Round {
  readonly #recalls = new Map<number, { callId: string; arguments: string; signature: string | undefined }>()
  readonly #reasoning: ModelReasoning[] = []
  #thought = ""
  #text = ""
  /** It has calls for the client, who cannot answer ours: these are left out. */
  hasOthers = false
  finished: Finished | undefined

  get recalls(): ModelToolCall[] {
    return [...this.#recalls.values()].map(({ callId, arguments: args, signature }) => ({
      callId,
      name: recallDeclaration.name,
      arguments: args,
      ...(signature === undefined ? {} : { signature }),
    }))
  }

  /** Whether the event is none of the client's. */
  take(event: ModelEvent): boolean {
    if (event.type === "finished") this.finished = event
    else if (event.type === "tool-call-started") {
      if (event.name !== recallDeclaration.name) this.hasOthers = true
      else this.#recalls.set(event.index, { callId: event.callId, arguments: "", signature: event.signature })
    } else if (event.type === "tool-call-delta") {
      const own = this.#recalls.get(event.index)
      if (own) own.arguments += event.arguments
    } else if (event.type === "text-delta") this.#text += event.text
    else if (event.type === "reasoning-delta") this.#thought += event.text
    else if (event.type === "reasoning-ended") {
      this.#reasoning.push({ ...event.reasoning, text: this.#thought })
      this.#thought = ""
    }
    return event.type === "finished" || ("index" in event && this.#recalls.has(event.index))
  }

  messages(cleared: NonNullable<ModelCall["cleared"]>): ModelMessage[] {
    const toolCalls = this.recalls
    const content = this.#text === "" ? [] : [{ type: "text" as const, text: this.#text }]
    const reasoning = this.#reasoning.length > 0 ? { reasoning: this.#reasoning } : {}
    const answers = toolCalls.map(({ callId, arguments: args }) => ({
      role: "tool" as const,
      callId,
      content: answerRecall(cleared, args),
    }))
    return [{ role: "assistant", content, toolCalls, ...reasoning }, ...answers]
  }
}
