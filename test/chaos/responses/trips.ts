// The sorts of responses that clients ask for, and what each may come to.
import { between, type Chance } from "./chance.ts"
import type { Answered } from "./events.ts"
import { orderText, type Order } from "./upstream.ts"

export const sorts = [
  "background streamed",
  "foreground streamed",
  "background polled",
  "foreground waited for",
  "file search",
  "once tool",
  "functions",
  "cut by length",
  "broken upstream",
  "cancelled",
  "left",
] as const
export type Sort = (typeof sorts)[number]

export interface Plan {
  readonly ticket: string
  readonly sort: Sort
  readonly client: "raw" | "openai"
  /** Sent again with the same key after a kill, acknowledged or not. */
  readonly key: string | undefined
  readonly body: Readonly<Record<string, unknown>>
  /** How often a further response continues it. */
  readonly followUps: number
  /** Events after which the client cancels or leaves. */
  readonly patience: number
  readonly question: string
}

/** One response on its way, as its client sees it. */
export interface Trip {
  readonly plan: Plan
  readonly previous: Trip | undefined
  id: string
  /** The text of each event, at its sequence number. */
  readonly seen: string[]
  posts: number
  reconnects: number
  /** The life in which it was acknowledged. */
  acknowledgedIn: number
  repeated: boolean
  /** It asked to be cancelled, whether or not that was answered. */
  hasCancelled: boolean
  /** What the answer to that said. */
  cancelAnswer: Answered | undefined
  /** It reads its stream no further and only asks for the end. */
  hasLeft: boolean
  /** It left the connection that the response was waited for on, and not one that only reads. */
  isAbandoned: boolean
  /** The status in which its client saw it end. */
  ended: string | undefined
}

const acts: Partial<Record<Sort, Order["act"]>> = {
  "once tool": "notify",
  functions: "functions",
  "cut by length": "length",
  "broken upstream": "break",
}

export const searchQuestions = [
  "How long do the seals of the north gate last?",
  "Who may open the archive at night?",
  "What happens to a lantern after a storm?",
] as const

export function newTrip(plan: Plan, previous?: Trip): Trip {
  const unseen = { id: "", seen: [], posts: 0, reconnects: 0, acknowledgedIn: 0, repeated: false }
  const untouched = { hasCancelled: false, cancelAnswer: undefined, hasLeft: false, isAbandoned: false, ended: undefined }
  return { plan, previous, ...unseen, ...untouched }
}

/** Every sort comes equally often; the rest is chance. */
export function planOf(chance: Chance, number: number, storeId: string): Plan {
  const sort = sorts[number % sorts.length] ?? "background streamed"
  return planWith(chance, `t${number}`, sort, { storeId, input: [], previousId: undefined })
}

/** Continues a response; what the client was asked to call is answered. */
export function followUpOf(chance: Chance, trip: Trip, outputs: readonly object[]): Plan {
  const ticket = `${trip.plan.ticket}f`
  const sort = chance(`sort ${ticket}`) < 0.3 ? "once tool" : "background streamed"
  const plan = planWith(chance, ticket, sort, { storeId: "", input: outputs, previousId: trip.id })
  return { ...plan, followUps: Math.min(trip.plan.followUps - 1, plan.followUps) }
}

interface Particulars {
  storeId: string
  input: readonly object[]
  previousId: string | undefined
}

function planWith(chance: Chance, ticket: string, sort: Sort, { storeId, input, previousId }: Particulars): Plan {
  const question = searchQuestions[between(chance, `question ${ticket}`, 0, searchQuestions.length - 1)] ?? ""
  const order: Order = {
    ticket,
    act: acts[sort] ?? "say",
    words: between(chance, `words ${ticket}`, 8, 60),
    calls: between(chance, `calls ${ticket}`, 1, 2),
    chunkMs: between(chance, `pace ${ticket}`, 5, 50),
  }
  const text = sort === "file search" ? question : orderText(order)
  const foreground = sort === "foreground streamed" || sort === "foreground waited for" || sort === "left"
  const body = {
    model: sort === "file search" ? "perdure/extractive" : "chaos-model",
    input: [...input, { role: "user", content: text }],
    metadata: { ticket },
    background: !foreground,
    stream: sort !== "background polled" && sort !== "foreground waited for",
    ...(previousId === undefined ? {} : { previous_response_id: previousId }),
    ...toolsOf(sort, storeId),
  }
  const keyed = sort === "foreground waited for" || chance(`key ${ticket}`) < 0.5
  return {
    ticket,
    sort,
    client: chance(`client ${ticket}`) < 0.4 && sort !== "left" ? "openai" : "raw",
    key: keyed ? `key-${ticket}` : undefined,
    body,
    followUps: sort === "functions" ? 1 : between(chance, `follow ${ticket}`, 0, 2),
    patience: between(chance, `patience ${ticket}`, 2, 12),
    question,
  }
}

function toolsOf(sort: Sort, storeId: string): { tools?: readonly object[] } {
  const parameters = { type: "object", properties: { call: { type: "string" } } }
  if (sort === "file search") return { tools: [{ type: "file_search", vector_store_ids: [storeId] }] }
  if (sort === "once tool")
    return { tools: [{ type: "mcp", server_label: "perdure", allowed_tools: ["notify"], require_approval: "never" }] }
  if (sort === "functions") return { tools: ["first", "second"].map((name) => ({ type: "function", name, parameters })) }
  return {}
}

/** Ends that are right for a trip; anything else needs a reason of its own. */
export function rightEnds({ plan, hasCancelled, isAbandoned }: Trip): readonly string[] {
  if (hasCancelled || isAbandoned) return ["completed", "cancelled"]
  if (plan.sort === "cut by length") return ["incomplete"]
  if (plan.sort === "broken upstream") return ["failed"]
  return ["completed"]
}
