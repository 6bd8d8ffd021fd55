// LangChain's `ChatOpenAI`.
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages"
import { ChatOpenAI } from "@langchain/openai"
import { pixel, question, weatherSchema, type ClientOptions, type CompatClient } from "./client.ts"

export function langChain({ url, apiKey, fetch }: ClientOptions): CompatClient {
  const chat = (model: string, maxRetries = 0): ChatOpenAI =>
    new ChatOpenAI({ model, apiKey, maxRetries, configuration: { baseURL: `${url}/v1`, fetch } })
  const weather = {
    type: "function" as const,
    function: { name: "weather", description: "the weather of a city", parameters: weatherSchema },
  }
  return {
    name: "@langchain/openai ChatOpenAI",
    text: async (model) => (await chat(model).invoke(question)).text,
    stream: async (model) => {
      const pieces: string[] = []
      for await (const chunk of await chat(model).stream(question)) if (chunk.text !== "") pieces.push(chunk.text)
      return pieces
    },
    tool: async (model) => {
      const { tool_calls: calls } = await chat(model).bindTools([weather]).invoke(question)
      return { name: calls?.[0]?.name ?? "", input: calls?.[0]?.args }
    },
    toolResult: async (model) => {
      const asked = new AIMessage({ content: "", tool_calls: [{ id: "call_1", name: "weather", args: { city: "Lisbon" } }] })
      const turn = [new HumanMessage(question), asked, new ToolMessage({ content: "sunny", tool_call_id: "call_1" })]
      return (await chat(model).bindTools([weather]).invoke(turn)).text
    },
    structured: (model) =>
      chat(model)
        .withStructuredOutput({ title: "weather", ...weatherSchema }, { method: "jsonSchema" })
        .invoke(question),
    image: async (model) => {
      const url = `data:image/png;base64,${pixel}`
      const content = [
        { type: "text" as const, text: question },
        { type: "image_url" as const, image_url: { url } },
      ]
      return (await chat(model).invoke([new HumanMessage({ content })])).text
    },
    errorStatus: async (model) => {
      const error: unknown = await chat(model)
        .invoke(question)
        .catch((thrown: unknown) => thrown)
      return typeof error === "object" && error !== null && "status" in error ? Number(error.status) : undefined
    },
    abort: async (model) => {
      const left = new AbortController()
      const stream = await chat(model).stream(question, { signal: left.signal })
      try {
        for await (const chunk of stream) if (chunk.text !== "") left.abort()
      } catch {
        // leaving is an error there
      }
    },
    retried: async (model) => (await chat(model, 2).invoke(question)).text,
  }
}
