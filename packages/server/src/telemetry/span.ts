// The words of the span tree: a run and its events as they come in, the spans that come out.

/** The events that make spans; any run event fits. */
export interface SpanEvent {
  readonly seq: number
  readonly attempt: number
  readonly type: string
  readonly data: unknown
  /** Epoch milliseconds. */
  readonly at: number
}

export interface RunSummary {
  readonly id: string
  readonly projectId: string
  readonly kind: string
  readonly name: string
  readonly version: string
  readonly status: string
  readonly parentId: string | null
  readonly conversationId: string | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly createdAt: number
  readonly finishedAt: number | null
  /** Of a response: its request, which says what prompt and which variant it used. */
  readonly input?: unknown
  /** Of a light run, the same. */
  readonly metadata?: unknown
  /** Of its key and its request. */
  readonly tags?: readonly string[]
  /** What its request said of itself. */
  readonly requestMetadata?: Readonly<Record<string, unknown>>
}

export type AttributeValue = string | number | boolean | readonly string[]

export interface Span {
  /** Unique in the run, and the same each time: activation and position in the log. */
  readonly id: string
  readonly parentId: string | null
  /** One trace per activation: a run that sleeps for days isn't one trace. */
  readonly traceId: string
  readonly name: string
  readonly kind: "internal" | "client" | "server"
  readonly startMs: number
  /** Null while it is open. */
  readonly endMs: number | null
  readonly status: "unset" | "ok" | "error"
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Traces that this one goes on from: the activation before, the parent run. */
  readonly links: readonly string[]
}
