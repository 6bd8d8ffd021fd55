// A GGUF file answers, streams, stops and keeps to a schema where node-llama-cpp is installed, and says how to install it where it is not.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { newId, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelEvent } from "../../types.ts"
import { assistant, hear, modelCall, tool, user } from "./extractive.fixtures.ts"
import { createGguf, type GgufModel } from "./llama.ts"
import { tinyGguf } from "./tiny-gguf.fixtures.ts"

const signal = AbortSignal.timeout(300_000)
const deployment: Deployment = {
  id: "gguf/tiny",
  provider: "embedded",
  dialect: "native",
  baseUrl: null,
  apiKey: null,
  upstreamModel: "tiny.gguf",
  does: { chat: true, embeddings: false },
  contextTokensMax: 1_024,
  origin: "perdure.yaml:3",
}

let directory: string
let path: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gguf-"))
  path = join(directory, "tiny.gguf")
  await writeFile(path, tinyGguf())
})
afterAll(() => rm(directory, { recursive: true }))

describe("a GGUF file that cannot run", () => {
  it("says how to add node-llama-cpp where it is missing", async () => {
    await using model = createGguf({ deployment, path, newId, modulePath: "node-llama-cpp-that-is-not-there" })
    const call = hear(model, modelCall("Hello"), signal)
    await expect(call).rejects.toMatchObject({ code: "feature_unavailable", status: 501 })
    await expect(call).rejects.toThrow(/optional package node-llama-cpp.*it is not installed/)
    await expect(call).rejects.toMatchObject({ hint: expect.stringContaining("npm install node-llama-cpp@3.22.1") as string })
  })

  it("names the file and where it was declared when it is missing, not its folder", async () => {
    await using model = createGguf({ deployment, path: join(directory, "none.gguf"), newId })
    const error = await hear(model, modelCall("Hello"), signal).catch((each: unknown) => each)
    expect(error).toMatchObject({ code: "config_invalid", hint: "It was declared at perdure.yaml:3." })
    expect((error as Error).message).toBe('The model file "none.gguf" cannot be read.')
  })

  it("refuses a file that is no model", async () => {
    const broken = join(directory, "broken.gguf")
    await writeFile(broken, "GGUF but nothing else")
    await using other = createGguf({ deployment, path: broken, newId })
    await expect(hear(other, modelCall("Hello"), signal)).rejects.toMatchObject({ code: "config_invalid" })
  })
})

const modulePath = process.env["PERDURE_TEST_LLAMA"] ?? "node-llama-cpp"
const installed = await import(modulePath).then(
  () => true,
  () => false,
)
if (!installed) process.stdout.write("skipped: node-llama-cpp is not installed; PERDURE_TEST_LLAMA may name its entry file\n")

describe.skipIf(!installed)("a GGUF file that runs", () => {
  let model: GgufModel
  beforeAll(() => {
    model = createGguf({ deployment, path, newId, modulePath, gpu: false, callsMax: 2, callsWaitingMax: 2 })
  })
  afterAll(() => model[Symbol.asyncDispose]())

  it("streams as many tokens as it may, and counts them", async () => {
    const { text, deltas, reason, usage } = await hear(model, modelCall("Say something", { outputTokensMax: 24 }), signal)
    expect(text.length).toBeGreaterThan(8)
    expect(deltas.length).toBeGreaterThan(4)
    expect(reason).toBe("length")
    expect(usage).toMatchObject({ outputTokens: 24, estimated: false })
    expect(usage.inputTokens).toBeGreaterThan(10)
  })

  it("says the same at temperature 0", async () => {
    const call = modelCall("Say something", { outputTokensMax: 16, temperature: 0 })
    expect((await hear(model, call, signal)).text).toBe((await hear(model, call, signal)).text)
  })

  it("keeps to a JSON Schema", async () => {
    const schema = {
      type: "object",
      properties: { colour: { type: "string", enum: ["red", "green"] }, sure: { type: "boolean" } },
      required: ["colour", "sure"],
    }
    const responseFormat = { type: "json_schema", json_schema: { name: "x", schema } } as JsonValue
    const { text, reason } = await hear(model, modelCall("Which colour?", { responseFormat, outputTokensMax: 200 }), signal)
    const value = JSON.parse(text) as { colour: string; sure: boolean }
    expect(["red", "green"]).toContain(value.colour)
    expect(typeof value.sure).toBe("boolean")
    expect(reason).toBe("stop")
  })

  it("makes the call that it must make, with arguments of the schema", async () => {
    const tools = [
      tool("paint", "Paint it", { colour: { type: "string", enum: ["red", "green"] } }),
      tool("wait", "Wait", { long: { type: "boolean" } }),
    ]
    const named = await hear(model, modelCall("Paint it", { tools, toolChoice: { name: "paint" }, outputTokensMax: 200 }), signal)
    expect(named.calls).toEqual([{ name: "paint", arguments: { colour: expect.stringMatching(/^(red|green)$/) as string } }])
    expect(named.reason).toBe("tool_calls")
    const required = await hear(model, modelCall("Do it", { tools, toolChoice: "required", outputTokensMax: 200 }), signal)
    expect(["paint", "wait"]).toContain(required.calls[0]?.name)
  })

  it("takes a history with tool calls and their results", async () => {
    const messages = [
      { role: "system" as const, content: [{ type: "text" as const, text: "Be brief." }] },
      user("Weather?"),
      assistant("", [{ callId: "c1", name: "get_weather", arguments: '{"city":"Rome"}' }]),
      { role: "tool" as const, callId: "c1", content: '{"sky":"clear"}' },
    ]
    expect((await hear(model, modelCall(messages, { outputTokensMax: 8 }), signal)).usage.outputTokens).toBe(8)
  })

  it("stops when the signal aborts and when the reader leaves, and goes on with the next call", async () => {
    const controller = new AbortController()
    const seen: ModelEvent[] = []
    const reading = (async (): Promise<void> => {
      for await (const event of model.chat(modelCall("Go on"), controller.signal)) {
        seen.push(event)
        if (seen.length === 3) controller.abort(new Error("the client left"))
      }
    })()
    await expect(reading).rejects.toThrow("the client left")
    for await (const event of model.chat(modelCall("Go on"), signal)) if (event.type === "text-delta") break
    expect((await hear(model, modelCall("Still there?", { outputTokensMax: 4 }), signal)).usage.outputTokens).toBe(4)
  })

  it("lets two calls run, two wait, and refuses the fifth", async () => {
    const calls = Array.from({ length: 5 }, (_, i) => hear(model, modelCall(`Call ${i}`, { outputTokensMax: 12 }), signal))
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.map(({ status }) => status).filter((status) => status === "fulfilled")).toHaveLength(4)
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "overloaded" } })
  })

  it("refuses messages that do not fit its context", async () => {
    await expect(hear(model, modelCall("word ".repeat(2_000)), signal)).rejects.toMatchObject({ code: "context_length_exceeded" })
  })
})
