// The extractive responder calls the tool that a request asks for, with arguments that it read, asks for what is missing, and leaves the rest alone.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { newId } from "../../../core/index.ts"
import { createExtractive } from "./extractive.ts"
import { assistant, hear, modelCall, passages, tool, user } from "./extractive.fixtures.ts"
import { openEmbeddedEmbeddings, type EmbeddedEmbeddings } from "./minilm.ts"
import type { NativeModel } from "./types.ts"

const signal = AbortSignal.timeout(300_000)
/** A Wednesday. */
const now = Date.UTC(2026, 10, 25, 12)
let minilm: EmbeddedEmbeddings
let model: NativeModel

beforeAll(async () => {
  minilm = await openEmbeddedEmbeddings({ signal })
  model = createExtractive({ embed: minilm.embed, countTokens: minilm.countTokens, newId, clock: { now: () => now, monotonic: () => 0 } })
})
afterAll(async () => {
  await minilm[Symbol.asyncDispose]()
})

const string = { type: "string" }
const number = { type: "number" }
const tools = [
  tool(
    "get_weather",
    "Get the current weather in a city",
    { city: { type: "string", description: "Name of the city" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
    ["city"],
  ),
  tool("send_email", "Send an email to somebody", { to: { type: "string", format: "email" }, subject: string, body: string }, [
    "to",
    "body",
  ]),
  tool(
    "search_flights",
    "Find flights between two cities on a date",
    { origin: string, destination: string, date: { type: "string", format: "date" }, passengers: { type: "integer" } },
    ["origin", "destination", "date"],
  ),
  tool(
    "create_event",
    "Add an event to the calendar",
    {
      title: string,
      date: { type: "string", format: "date" },
      time: { type: "string", format: "time" },
      attendees: { type: "array", items: string },
    },
    ["title", "date"],
  ),
  tool("refund_order", "Refund an order of a customer", { order_id: string, amount: number, reason: string }, ["order_id"]),
  tool("calculator", "Evaluate a mathematical expression", { expression: string }),
  tool("convert_currency", "Convert an amount of money from one currency to another", { amount: number, from: string, to: string }),
  tool("get_stock_price", "Get the latest price of a stock", { ticker: { type: "string", description: "Ticker symbol" } }),
  tool("translate_text", "Translate a text into another language", { text: string, target_language: string }),
  tool("set_reminder", "Set a reminder for a point in time", { text: string, date: { type: "string", format: "date" } }, ["text"]),
  tool("turn_on_light", "Switch the light of a room on or off", { room: string, on: { type: "boolean" } }),
  tool("get_user", "Look up a user by e-mail address", { email: string }),
]

const called: [string, string, object][] = [
  ["What is the weather in Lisbon?", "get_weather", { city: "Lisbon" }],
  ["weather in new york in fahrenheit please", "get_weather", { city: "new york", unit: "fahrenheit" }],
  ["Is it raining in São Paulo right now?", "get_weather", { city: "São Paulo" }],
  ["Send an email to ann@example.com saying the report is ready", "send_email", { to: "ann@example.com", body: "the report is ready" }],
  ['Email bob@x.org with subject "Hi" and body "See you soon"', "send_email", { to: "bob@x.org", subject: "Hi", body: "See you soon" }],
  [
    "Find flights from Berlin to New York on December 24",
    "search_flights",
    { origin: "Berlin", destination: "New York", date: "2026-12-24" },
  ],
  [
    "Find flights from Rome to Oslo tomorrow for 3 passengers",
    "search_flights",
    { origin: "Rome", destination: "Oslo", date: "2026-11-26", passengers: 3 },
  ],
  ["Refund order A-1042", "refund_order", { order_id: "A-1042" }],
  ["Please refund $12.50 for order 77", "refund_order", { order_id: "77", amount: 12.5 }],
  ["What is 17 * (3 + 4)?", "calculator", { expression: "17 * (3 + 4)" }],
  ["Convert 100 USD to EUR", "convert_currency", { amount: 100, from: "USD", to: "EUR" }],
  ["How much is 20 euros in dollars?", "convert_currency", { amount: 20, from: "EUR", to: "USD" }],
  ["What is the price of AAPL stock?", "get_stock_price", { ticker: "AAPL" }],
  ['Translate "good morning" to French', "translate_text", { text: "good morning", target_language: "French" }],
  ["Remind me to call mum tomorrow", "set_reminder", { text: "call mum tomorrow", date: "2026-11-26" }],
  ["Turn off the light in the kitchen", "turn_on_light", { room: "kitchen", on: false }],
  ["Look up ann@example.com", "get_user", { email: "ann@example.com" }],
  [
    'Add a meeting "Standup" to my calendar on Friday at 9:30 with Ann and Bob',
    "create_event",
    { title: "Standup", date: "2026-11-27", time: "09:30", attendees: ["Ann", "Bob"] },
  ],
]

describe("a request that asks for a tool", () => {
  it.each(called)("%j calls %s", async (request, name, expected) => {
    const { calls, reason, text } = await hear(model, modelCall(request, { tools }), signal)
    expect(calls).toEqual([{ name, arguments: expected }])
    expect(reason).toBe("tool_calls")
    expect(text).toBe("")
  })

  it("calls it twice side by side when it names two things, if calls may be parallel", async () => {
    const request = "What is the weather in Paris and Rome?"
    const both = await hear(model, modelCall(request, { tools }), signal)
    expect(both.calls.map((each) => each.arguments)).toEqual([{ city: "Paris" }, { city: "Rome" }])
    const one = await hear(model, modelCall(request, { tools, parallelToolCalls: false }), signal)
    expect(one.calls.map((each) => each.arguments)).toEqual([{ city: "Paris" }])
  })

  it("takes one step after another when it says so, and then quotes what the tools returned", async () => {
    const messages = [user("What is the weather in Paris? Then send an email to ann@example.com saying take an umbrella.")]
    const outputs: Record<string, string> = { get_weather: '{"sky":"rain"}', send_email: "sent" }
    const names: string[] = []
    let text = ""
    for (let turn = 0; turn < 3; turn++) {
      const heard = await hear(model, modelCall(messages, { tools }), signal)
      text = heard.text
      for (const { name, arguments: value } of heard.calls) {
        names.push(name)
        messages.push(assistant("", [{ callId: `call_${turn}`, name, arguments: JSON.stringify(value) }]))
        messages.push({ role: "tool", callId: `call_${turn}`, content: outputs[name] ?? "" })
      }
    }
    expect(names).toEqual(["get_weather", "send_email"])
    expect(text).toBe('get_weather returned: “{"sky":"rain"}”\n\nsend_email returned: “sent”')
  })

  it("hands a value from one tool's result to the next tool", async () => {
    const find = tool("find_order", "Find the last order of a customer", { customer: string })
    const messages = [
      user("Find the last order of Ann Smith and then refund it."),
      assistant("", [{ callId: "c1", name: "find_order", arguments: '{"customer":"Ann Smith"}' }]),
      { role: "tool" as const, callId: "c1", content: '{"order_id":"A-7","total":12}' },
    ]
    const { calls } = await hear(model, modelCall(messages, { tools: [find, ...tools] }), signal)
    expect(calls).toEqual([{ name: "refund_order", arguments: { order_id: "A-7" } }])
  })
})

describe("a request whose arguments cannot be read", () => {
  it("is asked for them by name, and the reply is taken", async () => {
    const first = await hear(model, modelCall("How is the weather?", { tools }), signal)
    expect(first.text).toBe('To call get_weather I need "city" (Name of the city); I cannot read it in your request. Please say it.')
    const { calls } = await hear(
      model,
      modelCall([user("How is the weather?"), assistant(first.text), user("paris please")], { tools }),
      signal,
    )
    expect(calls).toEqual([{ name: "get_weather", arguments: { city: "paris" } }])
  })

  it("gives the best it can when a tool must be called", async () => {
    const { calls } = await hear(model, modelCall("How is it going?", { tools, toolChoice: { name: "get_weather" } }), signal)
    expect(calls).toEqual([{ name: "get_weather", arguments: { city: "How is it going?" } }])
    const required = await hear(model, modelCall("How is the weather?", { tools, toolChoice: "required" }), signal)
    expect(required.calls[0]?.name).toBe("get_weather")
  })

  it("does not call the tool that had to be called again after its result", async () => {
    const messages = [
      user("Weather in Rome"),
      assistant("", [{ callId: "c", name: "get_weather", arguments: "{}" }]),
      { role: "tool" as const, callId: "c", content: "sunny" },
    ]
    expect((await hear(model, modelCall(messages, { tools, toolChoice: "required" }), signal)).text).toContain("sunny")
  })
})

describe("a request that asks for no tool", () => {
  it.each([
    "What is the capital of France?",
    "Who are you?",
    "Tell me a joke",
    "Hello",
    "Write a poem about the sea",
    "Where is order A-1042?",
    "Cancel order A-1042",
    "What time is it in Tokyo?",
    "How many people live in Paris?",
    "My name is Ann and I live in Oslo",
    "How do I cook rice?",
  ])("%j calls none", async (request) => {
    const { calls, reason, text } = await hear(model, modelCall(request, { tools }), signal)
    expect(calls).toEqual([])
    expect(reason).toBe("stop")
    expect(text).not.toBe("")
  })

  it("calls none when none may be called", async () => {
    expect((await hear(model, modelCall("What is the weather in Lisbon?", { tools, toolChoice: "none" }), signal)).calls).toEqual([])
  })

  it("is answered from the passages before a tool is asked about", async () => {
    const { text, calls } = await hear(model, modelCall("When are refunds paid?", { tools, passages }), signal)
    expect(calls).toEqual([])
    expect(text).toContain("within five working days")
  })

  it("searches when nothing that was given answers it, and only once", async () => {
    const search = tool("search_docs", "Search the documentation", { query: string })
    const question = "How long is the parental leave?"
    const first = await hear(model, modelCall(question, { tools: [search] }), signal)
    expect(first.calls).toEqual([{ name: "search_docs", arguments: { query: question } }])
    const messages = [
      user(question),
      assistant("", [{ callId: "c", name: "search_docs", arguments: "{}" }]),
      { role: "tool" as const, callId: "c", content: "" },
    ]
    const second = await hear(model, modelCall(messages, { tools: [search] }), signal)
    expect(second.calls).toEqual([])
    expect(second.text).toBe("search_docs returned nothing.")
  })
})
