// The `@anthropic-ai/sdk` package.
import Anthropic, { APIError } from "@anthropic-ai/sdk"
import { pixel, question, weatherSchema, type ClientOptions, type CompatClient } from "./client.ts"

export function anthropicMessages(options: ClientOptions): CompatClient {
  const clientOf = (maxRetries: number): Anthropic =>
    new Anthropic({ baseURL: options.url, apiKey: options.apiKey, fetch: options.fetch, maxRetries })
  const { messages } = clientOf(0)
  const base = { max_tokens: 100, messages: [{ role: "user" as const, content: question }] }
  const input_schema = { ...weatherSchema, required: [...weatherSchema.required] }
  const tools = [{ name: "weather", description: "the weather of a city", input_schema }]
  const textOf = ({ content }: Anthropic.Message): string => content.map((block) => (block.type === "text" ? block.text : "")).join("")
  return {
    name: "@anthropic-ai/sdk",
    text: async (model) => textOf(await messages.create({ ...base, model })),
    stream: async (model) => {
      const pieces: string[] = []
      for await (const event of await messages.create({ ...base, model, stream: true }))
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") pieces.push(event.delta.text)
      return pieces
    },
    tool: async (model) => {
      const { content } = await messages.stream({ ...base, model, tools }).finalMessage()
      const asked = content.find((block) => block.type === "tool_use")
      return { name: asked?.name ?? "", input: asked?.input }
    },
    toolResult: async (model) => {
      const turn = [
        ...base.messages,
        { role: "assistant" as const, content: [{ type: "tool_use" as const, id: "call_1", name: "weather", input: { city: "Lisbon" } }] },
        { role: "user" as const, content: [{ type: "tool_result" as const, tool_use_id: "call_1", content: "sunny" }] },
      ]
      return textOf(await messages.create({ ...base, model, messages: turn, tools }))
    },
    structured: async (model) => {
      const format = { type: "json_schema" as const, schema: weatherSchema }
      return JSON.parse(textOf(await messages.create({ ...base, model, output_config: { format } })))
    },
    image: async (model) => {
      const image = { type: "image" as const, source: { type: "base64" as const, media_type: "image/png" as const, data: pixel } }
      const content = [image, { type: "text" as const, text: question }]
      return textOf(await messages.create({ ...base, model, messages: [{ role: "user", content }] }))
    },
    errorStatus: async (model) => {
      const error: unknown = await messages.create({ ...base, model }).catch((thrown: unknown) => thrown)
      return error instanceof APIError ? (error.status as number | undefined) : undefined
    },
    abort: async (model) => {
      const stream = await messages.create({ ...base, model, stream: true })
      for await (const event of stream) if (event.type === "content_block_delta") break
      stream.controller.abort()
    },
    retried: async (model) => textOf(await clientOf(2).messages.create({ ...base, model })),
  }
}
