// Vercel's AI SDK over its packages for OpenAI-compatible servers, OpenAI (Responses, chat) and Anthropic.
import { createAnthropic } from "@ai-sdk/anthropic"
import { createOpenAI } from "@ai-sdk/openai"
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { APICallError, generateText, jsonSchema, Output, RetryError, streamText, tool, type LanguageModel } from "ai"
import { z } from "zod"
import { pixel, question, weatherSchema, type ClientOptions, type CompatClient } from "./client.ts"

export function aiSdkClients({ url, apiKey, fetch }: ClientOptions): CompatClient[] {
  const compatible = createOpenAICompatible({ name: "perdure", baseURL: `${url}/v1`, apiKey, fetch, supportsStructuredOutputs: true })
  const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey, fetch })
  const anthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey, fetch })
  return [
    aiSdk("ai + @ai-sdk/openai-compatible", (model) => compatible(model)),
    aiSdk("ai + @ai-sdk/openai, Responses", (model) => openai.responses(model)),
    aiSdk("ai + @ai-sdk/openai, chat", (model) => openai.chat(model)),
    aiSdk("ai + @ai-sdk/anthropic", (model) => anthropic(model)),
  ]
}

const described = { description: "the weather of a city", inputSchema: z.object({ city: z.string() }) }

function aiSdk(name: string, modelOf: (model: string) => LanguageModel): CompatClient {
  const base = { prompt: question, maxRetries: 0 }
  return {
    name,
    text: async (model) => (await generateText({ ...base, model: modelOf(model) })).text,
    stream: async (model) => Array.fromAsync(streamText({ ...base, model: modelOf(model) }).textStream),
    tool: async (model) => {
      const result = streamText({ ...base, model: modelOf(model), tools: { weather: tool(described) } })
      const [asked] = await result.toolCalls
      return { name: asked?.toolName ?? "", input: asked?.input }
    },
    toolResult: async (model) => {
      const withTool = tool({ ...described, execute: () => "sunny" })
      const { text } = await generateText({
        ...base,
        model: modelOf(model),
        tools: { weather: withTool },
        stopWhen: ({ steps }) => steps.length >= 2,
      })
      return text
    },
    structured: async (model) => {
      const output = Output.object({ schema: jsonSchema(weatherSchema) })
      return (await generateText({ ...base, model: modelOf(model), output })).output
    },
    image: async (model) => {
      const content = [
        { type: "text" as const, text: question },
        { type: "image" as const, image: Buffer.from(pixel, "base64"), mediaType: "image/png" },
      ]
      return (await generateText({ model: modelOf(model), maxRetries: 0, messages: [{ role: "user", content }] })).text
    },
    errorStatus: async (model) => {
      const error: unknown = await generateText({ ...base, model: modelOf(model) }).catch((thrown: unknown) => thrown)
      const last = RetryError.isInstance(error) ? error.lastError : error
      return APICallError.isInstance(last) ? last.statusCode : undefined
    },
    abort: async (model) => {
      const left = new AbortController()
      const { textStream } = streamText({ ...base, model: modelOf(model), abortSignal: left.signal, onError: () => undefined })
      for await (const _ of textStream) break
      left.abort()
    },
    retried: async (model) => (await generateText({ ...base, model: modelOf(model), maxRetries: 2 })).text,
  }
}
