// The `openai` package: chat completions and Responses.
import OpenAI, { APIError } from "openai"
import { pixel, question, weatherSchema, type ClientOptions, type CompatClient } from "./client.ts"

function clientOf({ url, apiKey, fetch }: ClientOptions, maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, fetch, maxRetries })
}

export async function statusOf(call: Promise<unknown>): Promise<number | undefined> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof APIError ? error.status : undefined
}

export function openAiChat(options: ClientOptions): CompatClient {
  const { completions } = clientOf(options).chat
  const messages = [{ role: "user" as const, content: question }]
  const tools = [{ type: "function" as const, function: { name: "weather", parameters: weatherSchema } }]
  const textOf = ({ choices }: OpenAI.ChatCompletion): string => choices[0]?.message.content ?? ""
  const call = { id: "call_1", type: "function" as const, function: { name: "weather", arguments: '{"city":"Lisbon"}' } }
  return {
    name: "openai chat completions",
    text: async (model) => textOf(await completions.create({ model, messages })),
    stream: async (model) => {
      const pieces: string[] = []
      for await (const chunk of await completions.create({ model, messages, stream: true })) {
        const piece = chunk.choices[0]?.delta.content
        if (piece) pieces.push(piece)
      }
      return pieces
    },
    tool: async (model) => {
      const { choices } = await completions.stream({ model, messages, tools }).finalChatCompletion()
      const asked = choices[0]?.message.tool_calls?.[0]
      return asked?.type === "function"
        ? { name: asked.function.name, input: JSON.parse(asked.function.arguments) }
        : { name: "", input: null }
    },
    toolResult: async (model) => {
      const turn = [
        ...messages,
        { role: "assistant" as const, content: null, tool_calls: [call] },
        { role: "tool" as const, tool_call_id: call.id, content: "sunny" },
      ]
      return textOf(await completions.create({ model, messages: turn, tools }))
    },
    structured: async (model) => {
      const format = { type: "json_schema" as const, json_schema: { name: "weather", schema: weatherSchema, strict: true } }
      const parsed = await completions.parse({ model, messages, response_format: format })
      return parsed.choices[0]?.message.parsed
    },
    image: async (model) => {
      const url = `data:image/png;base64,${pixel}`
      const content = [
        { type: "text" as const, text: question },
        { type: "image_url" as const, image_url: { url } },
      ]
      return textOf(await completions.create({ model, messages: [{ role: "user", content }] }))
    },
    errorStatus: (model) => statusOf(completions.create({ model, messages })),
    abort: async (model) => {
      const stream = await completions.create({ model, messages, stream: true })
      for await (const _ of stream) break
      stream.controller.abort()
    },
    retried: async (model) => textOf(await clientOf(options, 2).chat.completions.create({ model, messages })),
  }
}

export function openAiResponses(options: ClientOptions): CompatClient {
  const { responses } = clientOf(options)
  const tools = [{ type: "function" as const, name: "weather", parameters: weatherSchema, strict: true }]
  return {
    name: "openai responses",
    text: async (model) => (await responses.create({ model, input: question })).output_text,
    stream: async (model) => {
      const pieces: string[] = []
      for await (const event of await responses.create({ model, input: question, stream: true }))
        if (event.type === "response.output_text.delta") pieces.push(event.delta)
      return pieces
    },
    tool: async (model) => {
      const { output } = await responses.stream({ model, input: question, tools }).finalResponse()
      const asked = output.find((item) => item.type === "function_call")
      return { name: asked?.name ?? "", input: JSON.parse(asked?.arguments ?? "null") }
    },
    toolResult: async (model) => {
      const input = [
        { type: "message" as const, role: "user" as const, content: question },
        { type: "function_call" as const, call_id: "call_1", name: "weather", arguments: '{"city":"Lisbon"}' },
        { type: "function_call_output" as const, call_id: "call_1", output: "sunny" },
      ]
      return (await responses.create({ model, input, tools })).output_text
    },
    structured: async (model) => {
      const format = { type: "json_schema" as const, name: "weather", schema: weatherSchema, strict: true }
      return (await responses.parse({ model, input: question, text: { format } })).output_parsed
    },
    image: async (model) => {
      const image = { type: "input_image" as const, image_url: `data:image/png;base64,${pixel}`, detail: "auto" as const }
      const content = [{ type: "input_text" as const, text: question }, image]
      return (await responses.create({ model, input: [{ role: "user", content }] })).output_text
    },
    errorStatus: (model) => statusOf(responses.create({ model, input: question })),
    abort: async (model) => {
      const stream = await responses.create({ model, input: question, stream: true })
      for await (const event of stream) if (event.type === "response.output_text.delta") break
      stream.controller.abort()
    },
    retried: async (model) => (await clientOf(options, 2).responses.create({ model, input: question })).output_text,
  }
}
