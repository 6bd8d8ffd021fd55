// Memory in chat completions and messages, asked by the clients of OpenAI and Anthropic themselves: what a model is given and where, what is kept, who is refused.
import Anthropic from "@anthropic-ai/sdk"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { testEngines } from "../testing/database.ts"
import { startPerdureServer, type PerdureServer } from "../testing/perdure-server.ts"

// On a busy machine the embedding of a question takes its time.
const shared = `
limits: { memoryWaitMsMax: 60000 }
grants: [{ to: "*", allow: ["memory.write:*", "memory.delete:*", "memory.manage:*", "file.write:*"] }]`
const memoryOfUsers = `${shared}
memory:
  extraction: { enabled: false }
  calls:
    - { for: { key: helped }, scopes: ["application:shop/user:{user}"] }
    - { for: { key: silent }, scopes: ["user:{user}"], budgetTokens: 0 }
    - { for: { key: strict }, scopes: ["team:locked"], required: true }
    - { for: { key: lenient }, scopes: ["team:locked"] }`

type Message = { role: string; content: unknown }
interface Entry {
  id: string
  text: string
  lane: string
  runId: string
  label: { integrity: number }
}
interface Told {
  events: { type: string; data: Record<string, unknown> }[]
}

describe.each(testEngines())("memory of calls on %s", (engine) => {
  let server: PerdureServer
  let keys: Record<string, string>

  beforeAll(async () => {
    server = await startPerdureServer(engine, memoryOfUsers)
    const { identity, projectId } = server.perdure
    const made = ["helped", "silent", "strict", "lenient"].map(
      async (name) => [name, (await identity.createKey(projectId, name)).secret] as const,
    )
    const alice = (await identity.createKey(projectId, "of alice", { user: "alice" })).secret
    keys = { ...Object.fromEntries(await Promise.all(made)), alice, plain: server.apiKey }
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const openai = (key: string): OpenAI => new OpenAI({ apiKey: keys[key], baseURL: `${server.url}/v1`, maxRetries: 0 })
  const anthropic = (key: string): Anthropic => new Anthropic({ apiKey: keys[key], baseURL: server.url, maxRetries: 0 })
  const sent = (): Message[] => (server.provider.last?.body["messages"] ?? []) as Message[]

  async function api<T>(path: string, body?: object, method = body === undefined ? "GET" : "POST"): Promise<T> {
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  const remember = (scope: string, text: string, more: object = {}): Promise<Entry> => api("/v1/memories", { scope, text, ...more })
  const entries = async (scope: string): Promise<Entry[]> =>
    (await api<{ memories: Entry[] }>(`/v1/memories?kind=episode&limit=100&scope=${encodeURIComponent(scope)}`)).memories
  const kept = (scope: string): Promise<[string, string, number][]> =>
    entries(scope).then((all) => all.toReversed().map(({ lane, text, label }) => [lane, text, label.integrity]))
  const eventsOf = async (runId: string | null): Promise<Told["events"]> => (await api<Told>(`/v1/runs/${runId}/events`)).events
  /** Records are written a moment after their answers. */
  const recorded = (runId: string | null): Promise<Told["events"]> =>
    expect
      .poll(() => eventsOf(runId).catch(() => []), { timeout: 30_000, interval: 50 })
      .not.toEqual([])
      .then(() => eventsOf(runId))

  it("helps a chat client that was not changed: what was said to it before is there, and what it says is kept", async () => {
    const scope = "application:shop/user:ada"
    await remember(scope, "I am allergic to walnuts.")
    server.provider.next({ text: "Yes, you are." })
    const messages = [
      { role: "system", content: "You sell bread." },
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi!" },
      { role: "user", content: "Am I allergic to walnuts?" },
    ] as const
    const { data, response } = await openai("helped")
      .chat.completions.create({ model: "fake", user: "ada", messages: [...messages] })
      .withResponse()
    expect(data.choices[0]?.message.content).toBe("Yes, you are.")
    expect(data).not.toHaveProperty("perdure")
    expect(sent().map(({ role }) => role)).toEqual(["system", "user", "assistant", "user", "user"])
    expect(sent()[3]?.content).toMatch(/quoted as data[^]*<memory id="mem_[^]*level="3"[^]*I am allergic to walnuts\.\n<\/memory>$/)
    expect(sent()[4]).toEqual(messages[3])
    expect(server.provider.last?.body).not.toHaveProperty("perdure")
    expect(response.headers.get("x-perdure-memory")).toBe("entries=1")
    const events = await recorded(response.headers.get("x-perdure-run-id"))
    expect(events.map(({ type }) => type)).toEqual(["context.assembled", "memory.remembered", "run.ended"])
    expect(events[0]?.data).toMatchObject({
      status: "assembled",
      scopes: [scope],
      budgetTokens: 2_000,
      entries: [{ section: "quotes", level: 3 }],
    })
    expect(events[1]?.data).toMatchObject({ scope, refused: null })
    // A record is written after its memories are: nothing has to be waited for.
    expect(await kept(scope)).toEqual([
      ["user", "I am allergic to walnuts.", 3],
      ["user", "Am I allergic to walnuts?", 3],
      ["assistant", "Yes, you are.", 0],
    ])
  })

  it("helps a client of messages, whose system and roles stay as they are, in a stream as well", async () => {
    const scope = "application:shop/user:grace"
    await remember(scope, "My favourite bread is rye.")
    server.provider.next({ text: ["Rye, ", "as always."] })
    const stream = anthropic("helped").messages.stream({
      model: "claude",
      max_tokens: 100,
      system: "You sell bread.",
      metadata: { user_id: "grace" },
      messages: [{ role: "user", content: "What is my favourite bread?" }],
    })
    const message = await stream.finalMessage()
    expect(message.content).toMatchObject([{ type: "text", text: "Rye, as always." }])
    expect(server.provider.last?.body["system"]).toBe("You sell bread.")
    expect(sent()).toHaveLength(1)
    expect(sent()[0]).toMatchObject({ role: "user", content: [{ type: "text" }, { type: "text", text: "What is my favourite bread?" }] })
    expect(JSON.stringify(sent()[0])).toContain("My favourite bread is rye.")
    await expect.poll(() => kept(scope), { timeout: 30_000 }).toHaveLength(3)
    expect((await kept(scope)).at(-1)).toEqual(["assistant", "Rye, as always.", 3])
  })

  it("is told to whoever asks for it, and only then", async () => {
    const scope = "user:told"
    await remember(scope, "My dog is called Rex.")
    const asked = { model: "fake", messages: [{ role: "user", content: "What is my dog called?" }], perdure: { memory: { scope } } }
    const answer = (await openai("plain").chat.completions.create(asked as never)) as unknown as { perdure: { memory: object } }
    expect(answer.perdure.memory).toMatchObject({
      status: "assembled",
      scopes: [scope],
      entries: [{ section: "quotes" }],
      cut: [],
      withheld: 0,
    })
    const body = {
      model: "claude",
      max_tokens: 9,
      messages: [{ role: "user", content: "Whose name is Rex?" }],
      perdure: { memory: { scope } },
    }
    const message = (await anthropic("plain").messages.create(body as never)) as unknown as { perdure: { memory: object } }
    expect(message.perdure.memory).toMatchObject({
      status: "assembled",
      entries: expect.arrayContaining([expect.objectContaining({ section: "quotes" })]) as object,
    })
    const frames: object[] = []
    for await (const frame of (await openai("plain").chat.completions.create({
      ...asked,
      stream: true,
    } as never)) as unknown as AsyncIterable<object>)
      frames.push(frame)
    expect(JSON.stringify(frames)).toContain("provider.")
    expect(JSON.stringify(frames)).not.toContain("perdure")
  })

  it("gives an empty scope nothing, and a budget of nothing nothing, and both are remembered", async () => {
    const empty = await openai("helped")
      .chat.completions.create({ model: "fake", user: "new", messages: [{ role: "user", content: "Is it open?" }] })
      .withResponse()
    expect(sent()).toEqual([{ role: "user", content: "Is it open?" }])
    expect(empty.response.headers.get("x-perdure-memory")).toBe("entries=0")
    await remember("user:mute", "The shop is in Rye.")
    await openai("silent").chat.completions.create({
      model: "fake",
      user: "mute",
      messages: [{ role: "user", content: "Where is the shop?" }],
    })
    expect(sent()).toEqual([{ role: "user", content: "Where is the shop?" }])
    const asked = {
      model: "fake",
      messages: [{ role: "user", content: "Where is the shop, please?" }],
      perdure: { memory: { scope: "user:mute", recall: { budget_tokens: 0 } } },
    }
    await openai("plain").chat.completions.create(asked as never)
    expect(sent()).toHaveLength(1)
    await expect.poll(async () => (await kept("user:mute")).filter(([lane]) => lane === "user").length, { timeout: 30_000 }).toBe(3)
  })

  it("refuses another user's scope in the same words whether there is one or not, and says nothing of it", async () => {
    await remember("user:bob", "My secret is seven.")
    const refusal = async (client: Promise<unknown>): Promise<{ status: number; message: string }> =>
      client.then(
        () => ({ status: 200, message: "" }),
        (error: { status: number; message: string }) => ({ status: error.status, message: error.message }),
      )
    const body = (scope: string): never =>
      ({ model: "fake", max_tokens: 9, messages: [{ role: "user", content: "secret?" }], perdure: { memory: { scope } } }) as never
    const calls = server.provider.requests.length
    const there = await refusal(openai("alice").chat.completions.create(body("user:bob")))
    const not = await refusal(openai("alice").chat.completions.create(body("user:bop")))
    expect(there.status).toBe(403)
    expect(there.message.replaceAll("bob", "bop")).toBe(not.message)
    expect((await refusal(anthropic("alice").messages.create(body("user:bob")))).status).toBe(403)
    expect((await refusal(openai("plain").chat.completions.create(body("planet:mars")))).status).toBe(400)
    expect(server.provider.requests).toHaveLength(calls)
  })

  it("goes on without a scope that is granted to others where the configuration chose it, and fails where it is required", async () => {
    await remember("team:locked", "The code is 4711.")
    await api("/v1/scopes/team:locked", { grants: [{ principal: "key_somebody", can: ["read", "write"] }] }, "PATCH")
    const ask = { model: "fake", messages: [{ role: "user" as const, content: "What is the code?" }] }
    const { response } = await openai("lenient").chat.completions.create(ask).withResponse()
    expect(response.headers.get("x-perdure-memory")).toBe("refused")
    expect(JSON.stringify(sent())).not.toContain("4711")
    const events = await recorded(response.headers.get("x-perdure-run-id"))
    expect(events[0]?.data).toMatchObject({ status: "refused", reason: "permission_denied" })
    await expect(openai("strict").chat.completions.create(ask)).rejects.toMatchObject({ status: 403 })
  })

  it("is there for responses that do not ask for it, too: given, kept, left out where it may not be used, and wanted by none that says so", async () => {
    const scope = "application:shop/user:rosa"
    await remember(scope, "I am allergic to hazelnuts.")
    const ask = (key: string, more: object): Promise<OpenAI.Responses.Response> =>
      openai(key).responses.create({ model: "fake", input: "Am I allergic to hazelnuts?", ...more } as never)
    server.provider.next({ text: "Yes, to hazelnuts." })
    const { id } = await ask("helped", { user: "rosa" })
    expect(sent().map(({ content }) => content)).toEqual([
      expect.stringContaining("I am allergic to hazelnuts."),
      "Am I allergic to hazelnuts?",
    ])
    expect(await kept(scope)).toEqual([
      ["user", "I am allergic to hazelnuts.", 3],
      ["user", "Am I allergic to hazelnuts?", 3],
      ["assistant", "Yes, to hazelnuts.", 3],
    ])
    const about = async (response: string): Promise<(Record<string, unknown> | undefined)[]> => {
      const events = await eventsOf(response.replace("resp_", "run_"))
      return ["context.assembled", "memory.remembered"].map((type) => events.find((event) => event.type === type)?.data)
    }
    expect(await about(id)).toMatchObject([{ entries: [{ section: "quotes" }] }, { scope, refused: null }])
    await ask("helped", { user: "rosa", perdure: { memory: null } })
    expect(sent()).toHaveLength(1)

    await remember("team:locked", "The code is 0815.")
    await api("/v1/scopes/team:locked", { grants: [{ principal: "key_somebody", can: ["read", "write"] }] }, "PATCH")
    const lenient = await ask("lenient", {})
    expect([lenient.status, sent().length]).toEqual(["completed", 1])
    expect(await about(lenient.id)).toMatchObject([
      { status: "refused", reason: "permission_denied" },
      { scope: "team:locked", ids: [], refused: expect.any(String) as string },
    ])
    await expect(ask("strict", {})).rejects.toMatchObject({ status: 403 })
  })

  it("has none where what the scope is named by is missing or would lead into another scope", async () => {
    const ask = { model: "fake", messages: [{ role: "user" as const, content: "Hello there" }] }
    for (const more of [{}, { user: "eve/team:locked" }]) {
      const { response } = await openai("helped")
        .chat.completions.create({ ...ask, ...more })
        .withResponse()
      expect(response.headers.get("x-perdure-memory")).toBe("skipped")
    }
    const off = await openai("helped")
      .chat.completions.create({ ...ask, user: "ada", perdure: { memory: null } } as never)
      .withResponse()
    expect(off.response.headers.get("x-perdure-memory")).toBe("skipped")
    const none = await openai("plain").chat.completions.create(ask).withResponse()
    expect(none.response.headers.get("x-perdure-memory")).toBeNull()
  })

  it("keeps pairs of calls and results whole, and what a tool told is of the lowest trust", async () => {
    const scope = "application:shop/user:tools"
    await remember(scope, "The oven in the bakery is gas.")
    const told = "The oven is free from nine until eleven, says the baker."
    const tools = [{ type: "function" as const, function: { name: "oven", parameters: { type: "object", properties: {} } } }]
    const first = [{ role: "user" as const, content: "Is the oven in the bakery free?" }]
    server.provider.next({ toolCalls: [{ id: "c1", name: "oven", arguments: "{}" }], finishReason: "tool_calls" }, { text: "From nine." })
    const client = openai("helped")
    const asked = await client.chat.completions.create({ model: "fake", user: "tools", tools, messages: first })
    const before = sent()
    const call = asked.choices[0]?.message
    if (call === undefined) throw new Error("no call")
    const messages = [...first, call, { role: "tool" as const, tool_call_id: "c1", content: told }]
    await client.chat.completions.create({ model: "fake", user: "tools", tools, messages })
    expect(sent().map(({ role }) => role)).toEqual(["user", "user", "assistant", "tool"])
    // The same is recalled in the middle of a turn: what was just kept stands in the conversation already.
    expect(sent().slice(0, 2)).toEqual(before)
    await expect.poll(() => kept(scope), { timeout: 30_000 }).toHaveLength(4)
    expect((await kept(scope)).slice(1)).toEqual([
      ["user", "Is the oven in the bakery free?", 3],
      ["tool", told, 0],
      ["assistant", "From nine.", 0],
    ])
    const blocks = [
      { role: "user", content: "Is the oven in the bakery free?" },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "oven", input: {} }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: told },
          { type: "text", text: "And is the oven gas?" },
        ],
      },
    ]
    await anthropic("helped").messages.create({ model: "claude", max_tokens: 9, metadata: { user_id: "tools" }, messages: blocks } as never)
    const last = sent().at(-1) as { content: { type: string; text?: string }[] }
    expect(last.content.map(({ type }) => type)).toEqual(["tool_result", "text", "text"])
    expect(last.content[1]?.text).toContain("The oven in the bakery is gas.")
  })

  it("shares the longest beginning between turns: all that stood before what was recalled", async () => {
    const scope = "application:shop/user:cache"
    for (const bread of ["rye", "spelt", "wheat", "oat"]) await remember(scope, `The ${bread} bread costs ${bread.length} crowns.`)
    const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [{ role: "system", content: "You sell bread." }]
    let before: string | undefined
    for (const bread of ["rye", "spelt", "wheat", "oat"]) {
      messages.push({ role: "user", content: `What does ${bread} bread cost?` })
      server.provider.next({ text: `Some crowns for ${bread}.` })
      const answer = await openai("helped").chat.completions.create({ model: "fake", user: "cache", messages })
      const all = sent()
      const recalledAt = all.findIndex(({ content }) => String(content).startsWith("What was recalled"))
      expect(recalledAt).toBe(all.length - 2)
      const beginning = JSON.stringify(all.slice(0, recalledAt)).slice(0, -1)
      if (before !== undefined) expect(beginning.startsWith(before)).toBe(true)
      before = beginning
      messages.push({ role: "assistant", content: answer.choices[0]?.message.content ?? "" })
    }
  })

  it("is given passages of vector stores with where they stand, if it may search files, and none of another project", async () => {
    const client = openai("plain")
    const manual = "# Ovens\n\n## Cleaning\n\nClean the oven with vinegar every Friday.\n"
    const file = await client.files.create({ purpose: "assistants", file: new File([manual], "manual.md") })
    const { id: store } = await client.vectorStores.create({ name: "manuals", file_ids: [file.id] })
    await expect.poll(async () => (await client.vectorStores.retrieve(store)).status, { timeout: 60_000, interval: 200 }).toBe("completed")
    const ask = async (): Promise<{ perdure: { memory: Record<string, unknown> } }> =>
      (await client.chat.completions.create({
        model: "fake",
        messages: [{ role: "user", content: "When do I clean the oven?" }],
        perdure: { memory: { scope: "user:papers", vector_store_ids: [store], remember: false } },
      } as never)) as never
    expect((await ask()).perdure.memory).toMatchObject({ entries: [], documentsRefused: expect.stringContaining("tool.read") as string })
    expect(sent()).toHaveLength(1)
    await server.reload(memoryOfUsers.replace("file.write:*", 'file.write:*", "tool.read:*'))
    const citation = { fileId: file.id, filename: "manual.md", heading: ["Ovens", "Cleaning"], vectorStoreId: store }
    const { entries } = (await ask()).perdure.memory
    expect(entries).toMatchObject([{ section: "documents", level: 0, citation }])
    expect(sent()[0]?.content).toMatch(/<document [^>]*level="0"[^>]*heading="Ovens &gt; Cleaning"[^]*vinegar[^]*<\/document>/)
    // What is answered with it leads back to the file, and goes with it.
    const papers = { scope: "user:papers", vector_store_ids: [store] }
    server.provider.next({ text: "With vinegar." }, { text: "On Fridays." })
    await client.chat.completions.create({
      model: "fake",
      messages: [{ role: "user", content: "How?" }],
      perdure: { memory: papers },
    } as never)
    await client.responses.create({ model: "fake", input: "And when?", perdure: { memory: papers } } as never)
    const radius = (): Promise<{ episodes: number }> => api(`/v1/sources/${file.id}/blast_radius`)
    await expect.poll(async () => (await radius()).episodes, { timeout: 30_000 }).toBe(2)
    keys["stranger"] = (await server.perdure.identity.createKey("proj_other", "stranger")).secret
    const body = {
      model: "fake",
      messages: [{ role: "user", content: "When do I clean the oven?" }],
      perdure: { memory: { scope: "user:papers", vector_store_ids: [store] } },
    }
    const refused = { status: 404, param: "perdure.memory.vector_store_ids", message: expect.stringContaining(store) as string }
    await expect(openai("stranger").chat.completions.create(body as never)).rejects.toMatchObject(refused)
    await server.reload(memoryOfUsers)
  })

  it("leads from a stored file that a request names to what was said with it, and takes that back", async () => {
    const client = openai("plain")
    const upload = (text: string, name: string): Promise<string> =>
      client.files.create({ purpose: "user_data", file: new File([text], name) }).then(({ id }) => id)
    const [oven, mill] = [await upload("The oven is hot at six.", "oven.txt"), await upload("The mill stands still at noon.", "mill.txt")]
    const scope = "user:stored"
    const memory = { scope, recall: false }
    const file = (file_id: string): object => ({ type: "file", file: { file_id } })
    const text = (said: string): object => ({ type: "text", text: said })
    const chat = [{ role: "user", content: [text("When is it hot?"), file(oven)] }] as object[]
    server.provider.next({ text: "At six." }, { text: "Not at noon." }, { text: ["Yes, ", "it is."] })
    await client.chat.completions.create({ model: "fake", messages: chat, perdure: { memory } } as never)
    chat.push({ role: "assistant", content: "At six." }, { role: "user", content: [file(mill), text("And does the mill turn then?")] })
    await client.chat.completions.create({ model: "fake", messages: chat, perdure: { memory } } as never)
    const blocks = [
      { role: "user", content: [text("Look it up."), { type: "document", source: { type: "file", file_id: mill } }] },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "photo", input: {} }] },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "t1",
            content: [text("A photo of the oven, which is said to be hot."), { type: "document", source: { type: "file", file_id: oven } }],
          },
          text("Is that it?"),
        ],
      },
    ]
    const tools = [{ name: "photo", input_schema: { type: "object" } }]
    const asked = { model: "claude", max_tokens: 9, stream: true, tools, messages: blocks, perdure: { memory } }
    for await (const _ of (await anthropic("plain").messages.create(asked as never)) as unknown as AsyncIterable<object>);
    await expect.poll(() => kept(scope), { timeout: 30_000 }).toHaveLength(7)
    const told = (await entries(scope)).toReversed().map((entry) => {
      const { integrity, sources } = entry.label as { integrity: number; sources: string[] }
      return [entry.text, integrity, [oven, mill].map((id) => sources.includes(`file:${id}`))]
    })
    expect(told).toEqual([
      ["When is it hot?", 0, [true, false]],
      ["At six.", 0, [true, false]],
      ["And does the mill turn then?", 0, [false, true]],
      ["Not at noon.", 0, [true, true]],
      ["A photo of the oven, which is said to be hot.", 0, [true, false]],
      ["Is that it?", 3, [false, false]],
      ["Yes, it is.", 0, [true, true]],
    ])
    const radius = await api<{ episodes: number }>(`/v1/sources/${mill}/blast_radius`)
    expect(radius.episodes).toBe(3)
    expect(await api(`/v1/sources/${oven}/revoke`, {})).toMatchObject({ episodes: 5 })
    expect((await kept(scope)).map(([, said]) => said)).toEqual(["And does the mill turn then?", "Is that it?"])
  })

  it("follows the configuration", async () => {
    const ask = (): Promise<string | null> =>
      openai("plain")
        .chat.completions.create({ model: "fake", user: "later", messages: [{ role: "user", content: "Hello" }] })
        .withResponse()
        .then(({ response }) => response.headers.get("x-perdure-memory"))
    expect(await ask()).toBeNull()
    await server.reload(
      `${shared}\nmemory: { extraction: { enabled: false }, calls: [{ for: { model: "fa*" }, scopes: ["user:{user}"] }] }`,
    )
    expect(await ask()).toBe("entries=0")
    await server.reload(memoryOfUsers)
    expect(await ask()).toBeNull()
  })
})
