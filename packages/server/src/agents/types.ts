// The words of the Responses face: the stored request, items, wire events, and the rows of the run log that hold them.
import type { JsonObject, JsonValue } from "../core/index.ts"
import type { ContextEdit } from "../inference/index.ts"
import type { Label } from "../security/index.ts"

/** One item of a response's input or output, as on the wire. Unknown kinds and fields are kept. */
export interface ResponseItem extends JsonObject {
  readonly type: string
  readonly id: string
}

/** The parsed request with its defaults filled in: the input of a run of kind `response`. Names are those of the wire. */
export interface ResponseRequest<Item extends JsonObject = ResponseItem> extends JsonObject {
  readonly model: string
  readonly input: readonly Item[]
  readonly instructions: string | null
  readonly previous_response_id: string | null
  readonly conversation: string | null
  readonly tools: readonly JsonObject[]
  readonly tool_choice: JsonValue
  readonly parallel_tool_calls: boolean
  readonly max_tool_calls: number | null
  readonly max_output_tokens: number | null
  /** Null is "the model's default"; a response shows 1 then. */
  readonly temperature: number | null
  readonly top_p: number | null
  readonly presence_penalty: number | null
  readonly frequency_penalty: number | null
  readonly top_logprobs: number | null
  readonly text: JsonObject
  readonly reasoning: JsonObject | null
  readonly truncation: "auto" | "disabled"
  readonly store: boolean
  readonly background: boolean
  readonly include: readonly string[]
  readonly metadata: JsonObject
  readonly service_tier: string
  readonly user: string | null
  readonly safety_identifier: string | null
  readonly prompt_cache_key: string | null
  /** The version that was used, with its values. */
  readonly prompt?: JsonObject
  /** The routing rule that chose its model, and which one was asked for; kept in the run's metadata. */
  readonly rule?: JsonObject
  /** The variant of an experiment that it was given; kept in the run's metadata, by which it is counted. */
  readonly experiment?: JsonObject
  /**
   * Never from the wire: what stands before the input in place of the chain, when the response before is held by a connection
   * and not stored.
   */
  readonly carried?: readonly CarriedItem[]
  /** The end user that its key acts for; never from the wire. */
  readonly acts_for?: string
  /** What of its scopes it is given, and whether its turns are remembered. */
  readonly memory?: MemoryWish
  /** What is done when it grows too long. */
  readonly context_management?: ContextWish
  /** What its client said about where it is served, and whether it is gone on with elsewhere: a `RoutingRequest`. */
  readonly routing?: JsonObject
  /** What it wants of the answer cache: a `CacheWish`. */
  readonly cache?: JsonObject
  /** What it says of itself beside its metadata; kept in the run's metadata, by which runs are found and summed. */
  readonly said?: { readonly tags: readonly string[]; readonly metadata: JsonObject | null }
}

/** `context_management` of a request. */
export interface ContextWish extends JsonObject {
  /** From that size on what came before is summarised. */
  readonly compaction: { readonly threshold_tokens: number } | null
  /** What the model is not sent any more, in this order. */
  readonly edits: readonly (ContextEdit & JsonObject)[]
  /** Whether it may read again what was cleared. */
  readonly recall: boolean
}

/** `perdure.memory` of a request, with its defaults filled in. */
export interface MemoryWish extends JsonObject {
  /** What is read; turns are remembered in the first. */
  readonly scopes: readonly string[]
  readonly recall: {
    readonly budget_tokens: number
    readonly limit: number
    readonly lanes: readonly ("user" | "assistant" | "tool" | "fact" | "summary")[] | null
    readonly level_min: number | null
    readonly states: readonly string[]
    /** As a recall has them; what is absent is as it is there. */
    readonly as_of?: number
    readonly valid_at?: number
    readonly time?: "prefer" | "filter" | "ignore"
    readonly time_zone?: string
    readonly hop?: boolean
    readonly rerank?: boolean | { readonly model: string }
    readonly weights?: { readonly words: number; readonly vectors: number }
    readonly diversity?: number
  } | null
  readonly remember: boolean
  /** Passages of these are given with what is recalled, within the same tokens. */
  readonly vector_store_ids?: readonly string[]
  /** Wait until these changes are committed: of the one scope, or by scope. */
  readonly read_after?: number | Readonly<Record<string, number>>
  /** Without its memory it is not answered at all; otherwise it goes on without. Of calls that are no responses, whose memory is a step of a run. */
  readonly required?: boolean
  /** The request did not ask for it: it is answered without where there is none for it. */
  readonly by_configuration?: boolean
  /** What its messages belong together by: the conversation, or the response that the chain began with. Set when the request is prepared. */
  readonly session?: string
}

/** A request as parsed: items may lack ids, or refer to stored items. */
export type NewResponse = ResponseRequest<NewItem>

export interface NewItem extends JsonObject {
  readonly type: string
}

export type ResponseStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled"

export interface ResponseUsage extends JsonObject {
  readonly input_tokens: number
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  readonly output_tokens: number
  readonly output_tokens_details: { readonly reasoning_tokens: number }
  readonly total_tokens: number
}

/** How a response stands or ended: what its last lifecycle row says, and with `output` what the run returns. */
export interface ResponseEnd {
  readonly status: ResponseStatus
  readonly error: { readonly code: string; readonly message: string } | null
  readonly incomplete_details: { readonly reason: "max_output_tokens" | "content_filter" } | null
  readonly usage: ResponseUsage | null
  /** Epoch seconds, for completed responses. */
  readonly completed_at: number | null
  /** How fast it was served, as its provider told at the end; absent before, and where none told. */
  readonly service_tier?: string
}

/** The run's output: the response without what its request says. */
export interface ResponseOutcome extends ResponseEnd {
  readonly output: readonly ResponseItem[]
  /** Join of everything that the output was made under. */
  readonly label: Label
}

/** An event as clients see it, with its type and `sequence_number`. */
export interface WireEvent extends JsonObject {
  readonly type: string
  readonly sequence_number: number
}

/**
 * A wire event as the run log holds it: the row's type is the event's type, its data lacks what the rows before it tell
 * (item ids, finished texts, response snapshots). A delta row may stand for several events: `delta` is their joined text,
 * `sizes` the UTF-16 length of each, `sequence_number` that of the first.
 */
export interface LogRow {
  readonly type: string
  readonly data: LogRowData
}

export interface LogRowData extends JsonObject {
  readonly sequence_number: number
}

/** An item with the label that it carries into the context. */
export interface LabelledItem {
  readonly item: ResponseItem
  readonly label: Label
}

/** The same as plain JSON, for the input of a run. */
export interface CarriedItem extends JsonObject {
  readonly item: ResponseItem
  readonly label: JsonObject
}
