// The port of guards: what they are shown of a call, when they are asked, and what they may answer. They see texts, never credentials.
import type { Said } from "../../core/index.ts"

export type GuardRole = "system" | "user" | "assistant" | "tool"

/** One text of a request: a message, one part of one, the arguments or the result of a tool call. */
export interface GuardText {
  role: GuardRole
  text: string
}

/** What a guard is asked about. */
export interface GuardContext {
  /** The first word of its route after `/v1/`: `chat`, `messages`, `responses`, `embeddings`, `images`, `audio`, `rerank`. */
  endpoint: string
  runId: string
  projectId: string
  principal: string
  user: string | null
  model: string
  tags: readonly string[]
  /** What the request says of itself: kept with what a guard spends on it. */
  said?: Said | undefined
  /** Aborted when the client leaves or the guard has taken too long. */
  signal: AbortSignal
}

/** How often what was found, by kind: `{ email: 2 }`. Recorded and shown; never with the content. */
export type Findings = Readonly<Record<string, number>>

/** `allow` may come with findings too: something was found and let pass. */
export type Verdict = { found?: Findings } & (
  | { action: "allow" }
  /** The texts to go on with: as many as were shown, in the same order. */
  | { action: "redact"; texts: readonly string[] }
  /** The call ends with the error `content_blocked` and this message. */
  | { action: "block"; message: string }
  /** The call goes on with another model; before a call only. */
  | { action: "route"; model: string }
)

/** Rewrites one text that comes in pieces. What it returns may go out. */
export interface TextFilter {
  push(text: string): string
  end(): string
}

export interface Guard {
  name: string
  /** Of the request, before a model sees it. */
  before?: (texts: readonly GuardText[], context: GuardContext) => Verdict | Promise<Verdict>
  /** Of the answer: one text, or the window of a stream. */
  after?: (text: string, context: GuardContext) => Verdict | Promise<Verdict>
  /** Streams: `after` is asked about windows, and so many characters are held back so that nothing is missed between two; absent: the whole answer is held. */
  stream?: { holdBackChars: number }
  /** Instead of `after`, where the answer only is to be rewritten: at once and without waiting. `json` is true for texts inside JSON, such as arguments. */
  filter?: (context: GuardContext, about: { json: boolean; found: (kind: string) => void }) => TextFilter | undefined
  /** A guard that fails or takes too long: true lets the call pass, else it is refused. */
  failOpen?: boolean
}

export interface GuardCondition {
  /** Names of models; `*` at the end matches any ending. */
  models?: readonly string[] | undefined
  /** Ids of keys. */
  keys?: readonly string[] | undefined
  tags?: readonly string[] | undefined
  /** Kinds of calls, as the context names them. */
  endpoints?: readonly string[] | undefined
}

/** What one guard did in one call; for the record and the header. */
export interface GuardReport {
  guard: string
  phase: "before" | "after"
  action: Verdict["action"] | "failed"
  found: Record<string, number>
  /** Where it routed the call: the model that was asked for, and the one that it goes on with. */
  routed?: { asked: string; model: string }
}
