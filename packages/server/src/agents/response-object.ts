// The response object: its 31 keys (and OpenAI's few more) from the request, the output and how it stands.
import type { JsonObject } from "../core/index.ts"
import { shownTool } from "./sealed-tools.ts"
import type { ResponseEnd, ResponseItem, ResponseRequest } from "./types.ts"

/** What is known of a response from its first moment. */
export interface ResponseBase {
  /** `resp_…` */
  readonly id: string
  /** Epoch seconds. */
  readonly createdAt: number
  readonly request: ResponseRequest
}

/** Every snapshot has every key, nullable or not, as strict clients require. */
export function responseObject(base: ResponseBase, output: readonly ResponseItem[], end: ResponseEnd): JsonObject {
  const { request } = base
  return {
    id: base.id,
    object: "response",
    created_at: base.createdAt,
    completed_at: end.completed_at,
    status: end.status,
    background: request.background,
    error: end.error,
    incomplete_details: end.incomplete_details,
    instructions: request.instructions,
    max_output_tokens: request.max_output_tokens,
    max_tool_calls: request.max_tool_calls,
    model: request.model,
    output,
    parallel_tool_calls: request.parallel_tool_calls,
    previous_response_id: request.previous_response_id,
    ...(request.conversation === null ? {} : { conversation: { id: request.conversation } }),
    ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
    prompt_cache_key: request.prompt_cache_key,
    reasoning: request.reasoning,
    safety_identifier: request.safety_identifier,
    service_tier: end.service_tier ?? (end.status === "in_progress" || end.status === "queued" ? request.service_tier : "default"),
    store: request.store,
    temperature: request.temperature ?? 1,
    top_p: request.top_p ?? 1,
    presence_penalty: request.presence_penalty ?? 0,
    frequency_penalty: request.frequency_penalty ?? 0,
    top_logprobs: request.top_logprobs ?? 0,
    text: request.text,
    tool_choice: request.tool_choice,
    tools: request.tools.map(shownTool),
    truncation: request.truncation,
    usage: end.usage,
    ...(request.user === null ? {} : { user: request.user }),
    metadata: request.metadata,
  }
}

export function beginning(status: "queued" | "in_progress"): ResponseEnd {
  return { status, error: null, incomplete_details: null, usage: null, completed_at: null }
}

const hexOf = (id: string): string => id.slice(id.indexOf("_") + 1)

/** A response and its run share their digits. */
export function responseIdOf(runId: string): string {
  return `resp_${hexOf(runId)}`
}

/** The run of a response id, or undefined when the text is no such id. */
export function runIdOf(responseId: string): string | undefined {
  return /^resp_[0-9a-f]{32}$/.test(responseId) ? `run_${hexOf(responseId)}` : undefined
}

/**
 * Item ids hold the run's digits, then `0` and the output index or `1` and the input index in four digits: a reference to
 * an item finds its response without an index, and a restarted run makes the same ids.
 */
export function itemId(prefix: string, runId: string, side: "output" | "input", index: number): string {
  return `${prefix}_${hexOf(runId)}${side === "output" ? "0" : "1"}${index.toString(16).padStart(4, "0")}`
}

/** Where an item of ours is, or undefined for an id that we did not make. */
export function itemPlace(id: string): { runId: string; side: "output" | "input"; index: number } | undefined {
  const match = /^[a-z]+_([0-9a-f]{32})([01])([0-9a-f]{4,6})$/.exec(id)
  if (!match) return undefined
  const [, hex, side, index] = match
  return { runId: `run_${hex}`, side: side === "0" ? "output" : "input", index: Number.parseInt(index ?? "", 16) }
}
