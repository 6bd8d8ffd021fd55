// Guards on realtime sessions: what a client says in words goes to the provider as they leave it, what the model says comes back so, sound passes.
import { afterAll, afterEach, describe, expect, it, vi } from "vitest"
import { defaultLimits, sleep } from "../../core/index.ts"
import { createGuards, type Guard } from "../../security/index.ts"
import { responseDone, someUsage } from "../../testing/fake-realtime.ts"
import { startTestGateway } from "../../testing/gateway.ts"
import { got, provider, recorded, session, voice, waiting } from "../../testing/realtime.ts"
import { emailRedactor } from "../../testing/redactor.ts"
import type { SocketClient } from "../../testing/socket-client.ts"

/** Takes its time, and looks at windows. */
const judge: Guard = {
  name: "judge",
  before: async (texts) => {
    await sleep(1)
    if (texts.some(({ text }) => text.includes("elsewhere"))) return { action: "route", model: "other" }
    return texts.some(({ text }) => text.includes("bad")) ? { action: "block", message: "not this" } : { action: "allow" }
  },
  after: async (text) => {
    await sleep(1)
    return text.includes("bad") ? { action: "block", message: "not that" } : { action: "allow" }
  },
  stream: { holdBackChars: 8 },
}
const guarded = await startTestGateway({
  models: voice,
  limits: { realtimeHeldSoundBytesMax: 64_000 },
  guards: createGuards({
    rules: [emailRedactor({ restore: true }), judge].map((guard) => ({ guard, when: { endpoints: ["realtime"] } })),
    limits: defaultLimits,
  }),
})
afterAll(() => guarded[Symbol.asyncDispose]())
const opened: SocketClient[] = []
afterEach(async () => {
  for (const client of opened.splice(0)) client.socket.terminate()
  await vi.waitUntil(() => guarded.server.sockets === 0, waiting)
  guarded.records.length = 0
})

const open = async (): Promise<SocketClient> => {
  const client = await session({ on: guarded })
  opened.push(client)
  return client
}
const userItem = (text: string): object => ({
  type: "conversation.item.create",
  event_id: "mine_1",
  item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
})
const at = { response_id: "resp_1", item_id: "item_1", output_index: 0, content_index: 0 }
const delta = (text: string, type = "response.output_text"): object => ({ type: `${type}.delta`, ...at, delta: text })
const say = (...events: object[]): void => {
  for (const event of events) provider.last.say(event)
}
/** All frames up to the first of that type. */
async function until(client: SocketClient, type: string): Promise<Record<string, unknown>[]> {
  const frames = [await client.next()]
  while (frames.at(-1)?.["type"] !== type) frames.push(await client.next())
  return frames
}
const deltas = (frames: Record<string, unknown>[]): string =>
  frames
    .filter(({ type }) => String(type).endsWith(".delta"))
    .map(({ delta: text }) => text)
    .join("")

describe("what a client says in words", () => {
  it("reaches the provider without what may not leave: items, instructions, results of tools; sound and the rest as they are", async () => {
    const client = await open()
    const sound = { type: "input_audio_buffer.append", audio: Buffer.alloc(30_000, 1).toString("base64") }
    client.send({ type: "session.update", session: { instructions: "Sign as boss@x.org", tools: [] } })
    client.send(userItem("Write to ada@x.org"))
    client.send(sound)
    client.send({ type: "conversation.item.create", item: { type: "function_call_output", call_id: "c", output: "from eve@x.org" } })
    client.send({
      type: "response.create",
      response: {
        instructions: "Be kind to ada@x.org",
        input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "eve@x.org" }] }],
      },
    })
    client.send(Buffer.from([1, 2]))
    const received = await got(provider, 6)
    expect(received.slice(0, 5).map((frame) => JSON.parse(frame.toString()) as unknown)).toEqual([
      { type: "session.update", session: { instructions: "Sign as [EMAIL_1]", tools: [] } },
      userItem("Write to [EMAIL_2]"),
      sound,
      { type: "conversation.item.create", item: { type: "function_call_output", call_id: "c", output: "from [EMAIL_3]" } },
      {
        type: "response.create",
        response: {
          instructions: "Be kind to [EMAIL_2]",
          input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "[EMAIL_3]" }] }],
        },
      },
    ])
    expect(received[5]).toEqual(Buffer.from([1, 2]))
  })

  it("is not sent where a guard blocks it or wants another model: the client is told which event, and the session goes on", async () => {
    const client = await open()
    for (const text of ["a bad thing", "elsewhere please"]) {
      client.send(userItem(text))
      expect(await client.next()).toMatchObject({ type: "error", error: { code: "content_blocked", event_id: "mine_1" } })
    }
    client.send(userItem("a good thing"))
    expect((await got(provider, 1)).map(String)).toEqual([JSON.stringify(userItem("a good thing"))])
    client.socket.close()
    const [record] = await recorded("realtime.session", 1, guarded)
    expect(record?.data).toMatchObject({
      guards: expect.arrayContaining([expect.objectContaining({ guard: "judge", action: "block" })]) as unknown,
    })
  })
})

describe("what the model says", () => {
  it("comes back with the client's own data, held back as far as it may become something, and told alike wherever it is told again", async () => {
    const client = await open()
    client.send(userItem("I am ada@x.org"))
    await got(provider, 1)
    const given = "Hello [EMAIL_1], how are you?"
    const part = { type: "text", text: given }
    const item = { id: "item_1", type: "message", role: "assistant", content: [part] }
    say(
      { type: "response.created", response: { id: "resp_1", output: [] } },
      ...["Hello [EM", "AIL_1], how", " are you?"].map((text) => delta(text)),
      { type: "response.output_text.done", ...at, text: given },
      { type: "response.content_part.done", ...at, part },
      { type: "response.output_item.done", response_id: "resp_1", output_index: 0, item },
      responseDone(someUsage, { output: [item] }),
    )
    const frames = await until(client, "response.done")
    expect(deltas(frames)).toBe("Hello ada@x.org, how are you?")
    expect(frames.filter(({ type }) => String(type).endsWith("done"))).toMatchObject([
      { text: "Hello ada@x.org, how are you?" },
      { part: { text: "Hello ada@x.org, how are you?" } },
      { item: { content: [{ text: "Hello ada@x.org, how are you?" }] } },
      { response: { status: "completed", output: [{ content: [{ text: "Hello ada@x.org, how are you?" }] }] } },
    ])
    expect(await recorded("realtime.response", 1, guarded)).toMatchObject([{ outcome: "completed", outputTokens: 121 }])
  })

  it("aloud is looked at as its transcript, and arguments of functions are; its sound is as it was, after the transcript has passed", async () => {
    const client = await open()
    const sound = { type: "response.output_audio.delta", ...at, delta: Buffer.alloc(3_000, 7).toString("base64") }
    const call = { response_id: "resp_1", item_id: "item_2", output_index: 1, call_id: "call_1" }
    say(
      sound,
      delta("write to eve@", "response.output_audio_transcript"),
      delta("x.org", "response.output_audio_transcript"),
      { type: "response.output_audio_transcript.done", ...at, transcript: "write to eve@x.org" },
      { type: "response.function_call_arguments.delta", ...call, delta: '{"to":"eve@x' },
      { type: "response.function_call_arguments.delta", ...call, delta: '.org"}' },
      { type: "response.function_call_arguments.done", ...call, arguments: '{"to":"eve@x.org"}' },
      responseDone(someUsage),
    )
    const frames = await until(client, "response.done")
    const types = frames.map(({ type }) => type)
    expect(types.slice(0, types.indexOf("response.output_audio_transcript.done") + 1).slice(-2)).toEqual([
      "response.output_audio.delta",
      "response.output_audio_transcript.done",
    ])
    expect(frames).toContainEqual(sound)
    expect(JSON.stringify(frames)).not.toContain("eve@x.org")
    expect(frames.filter(({ type }) => String(type).endsWith(".done")).slice(0, 2)).toMatchObject([
      { transcript: "write to [EMAIL_1]" },
      { arguments: '{"to":"[EMAIL_1]"}' },
    ])
  })

  it("is never heard where a guard blocks its transcript, however far its sound was ahead", async () => {
    const client = await open()
    const sound = { type: "response.output_audio.delta", ...at, delta: "AAAA" }
    say(
      { type: "response.created", response: { id: "resp_1" } },
      sound,
      delta("This is ", "response.output_audio_transcript"),
      sound,
      { type: "response.output_audio.done", ...at },
      delta("bad", "response.output_audio_transcript"),
      { type: "response.output_audio_transcript.done", ...at, transcript: "This is bad" },
    )
    expect((await until(client, "error")).map(({ type }) => type)).not.toContain("response.output_audio.delta")
    say(sound, responseDone(someUsage, { status: "cancelled" }))
    expect(await client.next()).toMatchObject({ type: "response.done" })
  })

  it("goes on being heard as it comes once its transcript is complete", async () => {
    const client = await open()
    const sound = (delta: string) => ({ type: "response.audio.delta", ...at, delta })
    say(sound("AAAA"), { type: "response.audio_transcript.done", ...at, transcript: "Good." }, sound("BBBB"), {
      type: "response.audio.done",
      ...at,
    })
    expect((await until(client, "response.audio.done")).map(({ type, delta: piece }) => piece ?? type)).toEqual([
      "AAAA",
      "response.audio_transcript.done",
      "BBBB",
      "response.audio.done",
    ])
  })

  it("is not heard after it was interrupted, and not at all where it has no transcript", async () => {
    const client = await open()
    const sound = { type: "response.output_audio.delta", ...at, delta: "AAAA" }
    say(sound, responseDone(someUsage, { status: "cancelled" }))
    expect(await client.next()).toMatchObject({ type: "response.done", response: { status: "cancelled" } })
    say({ ...sound, response_id: "resp_1", item_id: "item_2" }, responseDone(someUsage))
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "content_blocked" } })
  })

  it("is blocked where more sound waits than the limit allows, which is named", async () => {
    const client = await open()
    say(...Array.from({ length: 9 }, () => ({ type: "response.output_audio.delta", ...at, delta: "A".repeat(10_000) })))
    expect(await client.next()).toMatchObject({
      error: { code: "content_blocked", message: expect.stringContaining("realtimeHeldSoundBytesMax") as string },
    })
  })

  it("ends where a guard blocks it: the client is told, the provider stops, nothing more of it comes, and the next answer does", async () => {
    const client = await open()
    say({ type: "response.created", response: { id: "resp_1" } }, delta("It is very "), delta("bad, what I say"), delta(" on and on"))
    const frames = await until(client, "error")
    expect(deltas(frames)).not.toContain("bad")
    expect(frames.at(-1)).toMatchObject({ error: { code: "content_blocked" } })
    expect((await got(provider, 1)).map(String)).toEqual(['{"type":"response.cancel","response_id":"resp_1"}'])
    say(
      delta("and more of it"),
      { type: "response.output_audio.delta", ...at, delta: "AAAA" },
      { type: "response.output_text.done", ...at, text: "It is very bad" },
      responseDone(someUsage, { status: "cancelled", output: [{ id: "item_1", content: [{ type: "text", text: "bad" }] }] }),
      { ...delta("Good."), response_id: "resp_2", item_id: "item_3" },
      { type: "response.output_text.done", ...at, response_id: "resp_2", item_id: "item_3", text: "Good." },
    )
    expect(await client.next()).toMatchObject({ type: "response.done", response: { status: "cancelled", output: [] } })
    expect(deltas(await until(client, "response.output_text.done"))).toBe("Good.")
  })
})

it("what was heard of the client is looked at like what is said", async () => {
  const client = await open()
  const heard = { item_id: "item_9", content_index: 0 }
  const type = "conversation.item.input_audio_transcription"
  say(
    { type: `${type}.delta`, ...heard, delta: "I am bob@" },
    { type: `${type}.delta`, ...heard, delta: "x.org" },
    { type: `${type}.completed`, ...heard, transcript: "I am bob@x.org", logprobs: [{ token: "bob" }] },
    {
      type: "conversation.item.retrieved",
      item: { id: "item_9", role: "user", content: [{ type: "input_audio", transcript: "I am bob@x.org" }] },
    },
  )
  const frames = await until(client, "conversation.item.retrieved")
  expect(JSON.stringify(frames)).not.toMatch(/bob|logprobs/)
  expect(frames.slice(-2)).toMatchObject([{ transcript: "I am [EMAIL_1]" }, { item: { content: [{ transcript: "I am [EMAIL_1]" }] } }])
})
