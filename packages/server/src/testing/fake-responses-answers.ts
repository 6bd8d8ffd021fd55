// The fake provider's answers in the shape of OpenAI's Responses: items with their events, a whole response, an error.
import type { ProviderShape } from "./fake-provider-shapes.ts"
import { joined, parts, textOf } from "./fake-provider-answers.ts"
import type { FakeAnswer, FakeToolCall } from "./fake-provider.ts"

export const responsesShape: ProviderShape = {
  serves: (path) => path.endsWith("/responses"),
  isStream: ({ body }) => body["stream"] === true,
  streamType: "text/event-stream; charset=utf-8",
  whole: ({ body }, script) => responseOf(body, script, itemsOf(script)),
  frames: ({ body }, script) => {
    const begun = { ...responseOf(body, script, []), status: "in_progress", usage: null }
    const told: Told[] = [
      { type: "response.created", response: begun },
      { type: "response.in_progress", response: begun },
      ...eventsOf(script),
    ]
    if (script.streamError) {
      const { afterFrames, message, code = "server_error" } = script.streamError
      const failed = { ...begun, status: "failed", error: { code, message } }
      return numbered([...told.slice(0, afterFrames), { type: "response.failed", response: failed }])
    }
    const response = responseOf(body, script, itemsOf(script))
    return numbered(script.finishReason === null ? told : [...told, { type: `response.${response.status}`, response }])
  },
  error: ({ message = "the fake provider refuses", type = "server_error", code = null }) => ({
    error: { message, type, param: null, code },
  }),
}

type Told = { type: string } & Record<string, unknown>

function numbered(events: readonly Told[]): string[] {
  return events.map((event, index) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`)
}

function responseOf(
  body: Record<string, unknown>,
  script: FakeAnswer,
  output: readonly unknown[],
): { status: string } & Record<string, unknown> {
  const cut = script.finishReason === "length"
  const usage = script.usage ?? { prompt_tokens: 12, completion_tokens: 5 }
  return {
    id: "resp_fake",
    object: "response",
    created_at: 1_700_000_000,
    status: cut ? "incomplete" : "completed",
    error: null,
    incomplete_details: cut ? { reason: "max_output_tokens" } : null,
    model: body["model"],
    output,
    service_tier: script.serviceTier ?? "default",
    usage:
      script.usage === null
        ? null
        : {
            input_tokens: usage.prompt_tokens,
            input_tokens_details: { cached_tokens: usage.cached_tokens ?? 0 },
            output_tokens: usage.completion_tokens,
            output_tokens_details: { reasoning_tokens: usage.reasoning_tokens ?? 0 },
            total_tokens: usage.prompt_tokens + usage.completion_tokens,
          },
  }
}

interface FakeItem {
  item: Record<string, unknown>
  /** Between its beginning and its end; those of the item lack its place. */
  events: readonly Told[]
  begun: Record<string, unknown>
}

function allOf(script: FakeAnswer): FakeItem[] {
  const hosted = (script.items ?? []).map(({ item, events = [], begun }): FakeItem => ({
    item,
    events,
    begun: begun ?? { ...item, status: "in_progress" },
  }))
  const says = script.text !== undefined || (!script.toolCalls && !script.items)
  return [...hosted, ...(says ? [messageOf(script)] : []), ...(script.toolCalls ?? []).map(callOf)]
}

function messageOf(script: FakeAnswer): FakeItem {
  const item = { id: "msg_fake", type: "message", role: "assistant" }
  const part = { type: "output_text", text: textOf(script), annotations: script.annotations ?? [], logprobs: [] }
  const at = { content_index: 0 }
  return {
    item: { ...item, status: "completed", content: [part] },
    begun: { ...item, status: "in_progress", content: [] },
    events: [
      { type: "response.content_part.added", ...at, part: { ...part, text: "", annotations: [] } },
      ...parts(textOf(script)).map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
      ...(script.annotations ?? []).map((annotation, index) => ({
        type: "response.output_text.annotation.added",
        ...at,
        annotation_index: index,
        annotation,
      })),
      { type: "response.output_text.done", ...at, text: part.text, logprobs: [] },
      { type: "response.content_part.done", ...at, part },
    ],
  }
}

function callOf({ id, name, arguments: text, custom }: FakeToolCall, index: number): FakeItem {
  const [type, field, events] = custom
    ? (["custom_tool_call", "input", "custom_tool_call_input"] as const)
    : (["function_call", "arguments", "function_call_arguments"] as const)
  const item = { id: `${custom ? "ctc" : "fc"}_fake${index}`, type, call_id: id, name }
  return {
    item: { ...item, status: "completed", [field]: joined(text) },
    begun: { ...item, status: "in_progress", [field]: "" },
    events: [
      ...parts(text).map((delta) => ({ type: `response.${events}.delta`, delta })),
      { type: `response.${events}.done`, [field]: joined(text) },
    ],
  }
}

function itemsOf(script: FakeAnswer): unknown[] {
  return allOf(script).map(({ item }) => item)
}

function eventsOf(script: FakeAnswer): Told[] {
  return allOf(script).flatMap(({ item, begun, events }, index) => [
    { type: "response.output_item.added", output_index: index, item: begun },
    ...events.map((event) => ({ ...event, item_id: item["id"], output_index: index })),
    { type: "response.output_item.done", output_index: index, item },
  ])
}
