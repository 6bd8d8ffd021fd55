// A model call past the guards: they see the texts that the model is sent, and the answer's events before anything is made of them.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import type { CallEvent, CallModel, CallRouting, Deployment, ModelCall, ModelContent, ModelMessage } from "../inference/index.ts"
import type { AnswerText, GuardContext, GuardReport, GuardSession, GuardText } from "../security/index.ts"

/** Undefined where no guard applies to the caller. */
export type OpenGuards = (context: Omit<GuardContext, "tags">) => Promise<GuardSession | undefined>

export interface GuardedCallOptions {
  openGuards: OpenGuards
  callModel: CallModel
  routing: CallRouting
  caller: Pick<GuardContext, "endpoint" | "runId" | "projectId" | "principal" | "user" | "said">
  /** What the guards did, once, when the call is over. */
  onReports: (reports: readonly GuardReport[]) => void
}

/** Throws `content_blocked` or `guard_unavailable` out of the events. `deployment` is there from the first event on. */
export function callGuarded(options: GuardedCallOptions, call: ModelCall, signal: AbortSignal): ReturnType<CallModel> {
  let made: ReturnType<CallModel> | undefined
  const make = (checked: ModelCall): ReturnType<CallModel> => {
    made = options.callModel(checked, signal, options.routing)
    return made
  }
  return {
    get deployment(): Deployment {
      if (!made) throw new AppError("server_error", "the guards have not let the call go yet")
      return made.deployment
    },
    get attempts(): number {
      return made?.attempts ?? 0
    },
    events: guardedEvents(options, call, signal, make),
  }
}

async function* guardedEvents(
  { openGuards, caller, onReports }: GuardedCallOptions,
  call: ModelCall,
  signal: AbortSignal,
  make: (call: ModelCall) => ReturnType<CallModel>,
): AsyncGenerator<CallEvent> {
  const session = await openGuards({ ...caller, model: call.model, signal })
  if (!session) {
    yield* make(call).events
    return
  }
  try {
    const texts = textsOf(call)
    const { texts: clean, model = call.model } = await session.before(texts)
    const checked = clean === texts ? call : withTexts(call, clean)
    const answer = new GuardedAnswer(session)
    const failed: { error?: unknown } = {}
    for await (const event of untilFailure(make({ ...checked, model }).events, failed)) yield* await answer.take(event)
    if (!("error" in failed)) return
    // It was paid; what a guard refuses of it is not told, and the failure is all the same.
    if (!signal.aborted) yield* await answer.cut().catch(() => [])
    throw failed.error
  } finally {
    if (session.reports.length > 0) onReports(session.reports)
  }
}

/** A failure of the call alone: one of a guard is thrown by who asks it. */
async function* untilFailure(events: AsyncIterable<CallEvent>, failed: { error?: unknown }): AsyncGenerator<CallEvent> {
  try {
    yield* events
  } catch (error) {
    failed.error = error
  }
}

/** Held texts go out before the next event of another kind, so that the order of the answer stays. */
class GuardedAnswer {
  readonly #session: GuardSession
  readonly #texts = new Map<string, AnswerText | undefined>()

  constructor(session: GuardSession) {
    this.#session = session
  }

  async take(event: CallEvent): Promise<CallEvent[]> {
    if (event.type === "text-delta") return this.#push("text", event.text, false)
    // The text goes on: what may span the break is looked at as one.
    if (event.type === "failover" && event.how === "continued") return [event]
    if (event.type === "tool-call-delta") return this.#push(String(event.index), event.arguments, true)
    const names = event.type === "finished" ? [...this.#texts.keys()] : ["text"]
    return [...(await this.#endAll(names, event.type === "failover")), event]
  }

  /** What was held back and may go out, of an answer that broke off. */
  cut(): Promise<CallEvent[]> {
    return this.#endAll([...this.#texts.keys()], true)
  }

  async #endAll(names: readonly string[], isCut: boolean): Promise<CallEvent[]> {
    const held: CallEvent[] = []
    for (const name of names) held.push(...(await this.#end(name, isCut)))
    return held
  }

  async #push(name: string, text: string, json: boolean): Promise<CallEvent[]> {
    if (!this.#texts.has(name)) this.#texts.set(name, this.#session.answerText({ json, isWhole: false }))
    const way = this.#texts.get(name)
    return deltas(name, way ? await way.push(text) : text)
  }

  async #end(name: string, isCut: boolean): Promise<CallEvent[]> {
    const way = this.#texts.get(name)
    this.#texts.delete(name)
    return deltas(name, way ? await way.end(isCut) : "")
  }
}

function deltas(name: string, text: string): CallEvent[] {
  if (text === "") return []
  return [name === "text" ? { type: "text-delta", text } : { type: "tool-call-delta", index: Number(name), arguments: text }]
}

type Visit = (text: string, role: GuardText["role"]) => string

function textsOf(call: ModelCall): GuardText[] {
  const texts: GuardText[] = []
  mapCall(call, (text, role) => {
    texts.push({ role, text })
    return text
  })
  return texts
}

function withTexts(call: ModelCall, texts: readonly GuardText[]): ModelCall {
  let at = 0
  return mapCall(call, (text) => texts[at++]?.text ?? text)
}

function mapCall(call: ModelCall, visit: Visit): ModelCall {
  return {
    ...call,
    messages: call.messages.map((message) => mapMessage(message, visit)),
    passages: call.passages.map((passage) => ({ ...passage, text: visit(passage.text, "tool") })),
  }
}

/** Reasoning is bound to its signature and stays. */
function mapMessage(message: ModelMessage, visit: Visit): ModelMessage {
  if (message.role === "tool") {
    const { parts, content } = message
    return { ...message, content: visit(content, "tool"), ...(parts ? { parts: mapContent(parts, "tool", visit) } : {}) }
  }
  const content = mapContent(message.content, message.role, visit)
  if (message.role !== "assistant") return { ...message, content }
  const toolCalls = message.toolCalls.map((each) => ({ ...each, arguments: visit(each.arguments, "assistant") }))
  const { items } = message
  return { ...message, content, toolCalls, ...(items ? { items: items.map((item) => mapWords(item, visit) as JsonObject) } : {}) } // an object stays one
}

/** What stands in items that only Responses have: under these names are words that the model reads. */
const wordy: ReadonlySet<string> = new Set([
  "text",
  "output",
  "input",
  "arguments",
  "query",
  "queries",
  "code",
  "logs",
  "stdout",
  "stderr",
  "command",
  "commands",
  "diff",
  "error",
])

function mapWords(value: JsonValue, visit: Visit, isWord = false): JsonValue {
  if (typeof value === "string") return isWord ? visit(value, "tool") : value
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((each) => mapWords(each, visit, isWord))
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [key, each === undefined ? each : mapWords(each, visit, wordy.has(key))])
  return Object.fromEntries(entries) as JsonObject // of JSON values
}

function mapContent(parts: readonly ModelContent[], role: GuardText["role"], visit: Visit): ModelContent[] {
  return parts.map((part) => (part.type === "text" ? { ...part, text: visit(part.text, role) } : part))
}
