// What Codex sends, turn by turn, and what it must be answered: its request as its source builds it, apply_patch as a custom tool, a continuation without ids and without the server's memory.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { FakeToolCall } from "../../../testing/fake-provider.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { send, type RawAnswer } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

let provider: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({
    models: [
      testModel("gpt-5-codex", testDeployment(provider.url, { dialect: "openai-responses", upstreamModel: "gpt-5-codex" })),
      testModel(
        "house-gpt",
        testDeployment(provider.url, {
          id: "house/gpt",
          provider: "openai-compatible",
          dialect: "openai-responses",
          upstreamModel: "gpt-5-codex",
        }),
      ),
      testModel("qwen3-coder", testDeployment(provider.url, { id: "fake/qwen", provider: "vllm", upstreamModel: "qwen3-coder" })),
    ],
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const execCommand = {
  type: "function",
  name: "exec_command",
  description: "Runs a command in a PTY.",
  strict: false,
  parameters: {
    type: "object",
    properties: { cmd: { type: "string" }, workdir: { type: "string" } },
    required: ["cmd"],
    additionalProperties: false,
  },
}
const applyPatch = {
  type: "custom",
  name: "apply_patch",
  description: "Edits files. This is a FREEFORM tool.",
  format: {
    type: "grammar",
    syntax: "lark",
    definition: 'start: begin_patch hunk+ end_patch\nbegin_patch: "*** Begin Patch" LF\n%import common.LF',
  },
}

/** Codex keeps the conversation itself: nothing is stored, items have no ids, thoughts come back sealed. */
const codexRequest = (model: string, input: readonly object[], more: object = {}): object => ({
  model,
  instructions: "You are Codex, a coding agent.",
  input,
  tools: [execCommand, applyPatch],
  tool_choice: "auto",
  parallel_tool_calls: true,
  reasoning: { effort: "medium", summary: "auto" },
  store: false,
  stream: true,
  include: ["reasoning.encrypted_content"],
  prompt_cache_key: "0199a1b2-0000-7000-8000-000000000001",
  text: { verbosity: "low" },
  client_metadata: { "x-codex-installation-id": "i" },
  ...more,
})
const said = (role: string, text: string): object => ({ type: "message", role, content: [{ type: "input_text", text }] })
const opening = [said("developer", "<permissions instructions>"), said("user", "<environment_context>"), said("user", "Say hello in a.txt")]
const patch = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch"
const headers = { "openai-beta": "responses=experimental", originator: "codex_cli_rs", session_id: "s", accept: "text/event-stream" }

const turn = async (body: object): Promise<RawAnswer> => {
  const answer = await send(server, "POST", "/v1/responses", body, headers)
  expect(answer.status, answer.text).toBe(200)
  assertStreamInvariants(answer.events)
  return answer
}

/** Codex takes items from `output_item.done`, and drops their ids when it sends them again. */
const itemsOf = ({ events }: RawAnswer): Record<string, unknown>[] =>
  events.flatMap((event) => {
    if (event.type !== "response.output_item.done") return []
    const { id: _, ...item } = event["item"] as Record<string, unknown>
    return [item]
  })

describe.each([
  ["gpt-5-codex", true],
  ["qwen3-coder", false],
])("Codex on %s", (model, hasCustom) => {
  const call: FakeToolCall = hasCustom
    ? { id: "call_1", name: "apply_patch", arguments: patch, custom: true }
    : { id: "call_1", name: "apply_patch", arguments: JSON.stringify({ input: patch }) }

  it("gets apply_patch as a custom call in a stream, and goes on with its output", async () => {
    provider.next({ reasoning: "Easy.", toolCalls: [call] }, { text: "Done." })
    const first = await turn(codexRequest(model, opening))
    const made = itemsOf(first)
    expect(made.at(-1)).toEqual({ type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch, status: "completed" })
    const output = {
      type: "custom_tool_call_output",
      call_id: "call_1",
      output: '{"output":"Success. Updated a.txt","metadata":{"exit_code":0}}',
    }
    const second = await turn(codexRequest(model, [...opening, ...made, output]))
    expect(itemsOf(second).at(-1)).toMatchObject({ type: "message", content: [{ type: "output_text", text: "Done." }] })
    expect(provider.last?.text).toContain("Success. Updated a.txt")
    if (hasCustom)
      expect(provider.last?.body["input"]).toMatchObject(
        [{}, {}, {}, {}, { type: "custom_tool_call", input: patch }, { type: "custom_tool_call_output" }].slice(-6),
      )
  })

  it("mixes it with functions in one turn", async () => {
    const other = { id: "call_2", name: "exec_command", arguments: '{"cmd":"ls"}' }
    provider.next({ toolCalls: [call, other] })
    const { events } = await turn(codexRequest(model, opening))
    expect(events.at(-1)?.["response"]).toMatchObject({
      output: [
        { type: "custom_tool_call", input: patch },
        { type: "function_call", name: "exec_command", arguments: '{"cmd":"ls"}' },
      ],
    })
  })
})

it("has its thoughts sealed by a server of Responses at an address of its own too, where it asks for thoughts", async () => {
  const asked = async (reasoning: object | null): Promise<unknown> => {
    provider.next({ text: "Done." })
    await turn(codexRequest("house-gpt", opening, { reasoning, ...(reasoning === null ? { include: [] } : {}) }))
    return provider.last?.body["include"]
  }
  expect(await asked({ effort: "medium", summary: "auto" })).toEqual(["reasoning.encrypted_content"])
  expect(await asked({ effort: "none" })).toBeUndefined()
  expect(await asked(null)).toBeUndefined()
})
