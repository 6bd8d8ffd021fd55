// How the outcome of a line is written into the results: in OpenAI's form or Anthropic's, with the usage that its answer tells.
import { isJsonObject, type JsonValue } from "../core/index.ts"
import type { NewBatchLine } from "../store/index.ts"
import type { LineAnswer } from "./types.ts"

export interface AnsweredLine {
  number: number
  customId: string
  requestId: string
  answer: LineAnswer
}

/** Why a line was not carried out. */
export type LineLeft = { outcome: "cancelled" | "expired" | "errored"; code: string; message: string }

export interface LineForm {
  answered(line: AnsweredLine): NewBatchLine
  left(number: number, customId: string, why: LineLeft): NewBatchLine
}

const nothing = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 }

export const openAiForm: LineForm = {
  answered: ({ number, customId, requestId, answer }) => {
    const { text, value } = oneLine(answer.body)
    const id = `batch_req_${requestId.slice(requestId.indexOf("_") + 1)}`
    const head = `{"id":${JSON.stringify(id)},"custom_id":${JSON.stringify(customId)}`
    const response = `{"status_code":${answer.status},"request_id":${JSON.stringify(requestId)},"body":${text}}`
    const isGood = answer.status >= 200 && answer.status < 300
    const content = `${head},"response":${response},"error":null}`
    return { line: number, outcome: isGood ? "succeeded" : "errored", content, ...(isGood ? usageOf(value) : nothing) }
  },
  left: (number, customId, { outcome, code, message }) => ({
    line: number,
    outcome,
    content: JSON.stringify({ id: `batch_req_${number}`, custom_id: customId, response: null, error: { code, message } }),
    ...nothing,
  }),
}

export const anthropicForm: LineForm = {
  answered: ({ number, customId, answer }) => {
    const { text, value } = oneLine(answer.body)
    const isGood = answer.status >= 200 && answer.status < 300
    const result = isGood ? `{"type":"succeeded","message":${text}}` : `{"type":"errored","error":${text}}`
    const content = `{"custom_id":${JSON.stringify(customId)},"result":${result}}`
    return { line: number, outcome: isGood ? "succeeded" : "errored", content, ...(isGood ? usageOf(value) : nothing) }
  },
  left: (number, customId, { outcome, code, message }) => {
    const error = { type: "error", error: { type: code === "invalid_api_key" ? "authentication_error" : "api_error", message } }
    const result = outcome === "errored" ? { type: "errored", error } : { type: outcome === "cancelled" ? "canceled" : "expired" }
    return { line: number, outcome, content: JSON.stringify({ custom_id: customId, result }), ...nothing }
  },
}

/** An answer as one line of JSON: as it came where it has no line breaks. */
function oneLine(body: Buffer): { text: string; value: JsonValue } {
  const text = body.toString()
  const value = JSON.parse(text) as JsonValue
  return { text: /[\n\r]/.test(text) ? JSON.stringify(value) : text, value }
}

function usageOf(answer: JsonValue): typeof nothing {
  const usage = isJsonObject(answer) && isJsonObject(answer["usage"]) ? answer["usage"] : {}
  const details = (name: string): unknown => usage[`${name}_tokens_details`]
  return {
    inputTokens: count(usage["input_tokens"] ?? usage["prompt_tokens"]) + cacheTokensOf(usage),
    cachedTokens: count(member(details("input") ?? details("prompt"), "cached_tokens")) + count(usage["cache_read_input_tokens"]),
    outputTokens: count(usage["output_tokens"] ?? usage["completion_tokens"]),
    reasoningTokens: count(member(details("output") ?? details("completion"), "reasoning_tokens")),
  }
}

/** Anthropic counts them beside its input tokens. */
function cacheTokensOf(usage: { readonly [key: string]: unknown }): number {
  return count(usage["cache_read_input_tokens"]) + count(usage["cache_creation_input_tokens"])
}

function member(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0
}
