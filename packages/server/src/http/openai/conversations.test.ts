// Tests of conversations through the real `openai` client: order, pages, labels, repetition, walls between projects.
import OpenAI from "openai"
import { afterAll, beforeAll, expect, it } from "vitest"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { wholeProject } from "../../context/index.ts"

let server: ContextServer
let client: OpenAI

beforeAll(async () => {
  server = await startContextServer()
  client = new OpenAI({ apiKey: server.apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
})
afterAll(() => server[Symbol.asyncDispose]())

it("keep their items in order and give them out in pages", async () => {
  const conversation = await client.conversations.create({
    metadata: { topic: "tea" },
    items: [
      { role: "user", content: "first" },
      { role: "assistant", content: "second" },
    ],
  })
  expect(conversation).toMatchObject({ object: "conversation", metadata: { topic: "tea" } })
  const added = await client.conversations.items.create(conversation.id, {
    items: [{ type: "message", role: "user", content: [{ type: "input_text", text: "third" }] }],
  })
  expect(added.data).toMatchObject([{ type: "message", role: "user", content: [{ type: "input_text", text: "third" }] }])
  const texts: string[] = []
  for await (const item of client.conversations.items.list(conversation.id, { order: "asc", limit: 2 })) {
    texts.push(item.type === "message" ? ((item.content[0] as { text?: string }).text ?? "") : item.type)
  }
  expect(texts).toEqual(["first", "second", "third"])
})

it("label what a client says as its user's and what it claims that a model said as anybody's", async () => {
  const conversation = await client.conversations.create({
    items: [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ],
  })
  const items = await server.context.conversations.allItems(wholeProject(server.projectId), conversation.id)
  expect(items.map((item) => item.label.integrity)).toEqual([3, 0])
})

it("do not change when the same items are appended again", async () => {
  const { conversations } = server.context
  const conversation = await conversations.create(wholeProject(server.projectId))
  const label = { integrity: 0, sources: [], readers: [], secrets: [] } as const
  const items = ["a", "b"].map((id) => ({ id, item: { id }, label }))
  await Promise.all(Array.from({ length: 5 }, () => conversations.append(wholeProject(server.projectId), conversation.id, items)))
  await conversations.append(wholeProject(server.projectId), conversation.id, [...items, { id: "c", item: { id: "c" }, label }])
  const stored = await conversations.allItems(wholeProject(server.projectId), conversation.id)
  expect(stored.map((item) => [item.position, item.id])).toEqual([
    [0, "a"],
    [1, "b"],
    [2, "c"],
  ])
})

it("are changed, lose an item, and are deleted", async () => {
  const conversation = await client.conversations.create({ items: [{ role: "user", content: "a" }] })
  expect((await client.conversations.update(conversation.id, { metadata: { k: "v" } })).metadata).toEqual({ k: "v" })
  const [item] = (await client.conversations.items.list(conversation.id)).data
  await client.conversations.items.delete(item?.id ?? "", { conversation_id: conversation.id })
  expect((await client.conversations.items.list(conversation.id)).data).toEqual([])
  await client.conversations.delete(conversation.id)
  await expect(client.conversations.retrieve(conversation.id)).rejects.toMatchObject({ status: 404 })
})

it("of another project do not exist for a stranger", async () => {
  const conversation = await client.conversations.create({ items: [{ role: "user", content: "private" }] })
  const stranger = new OpenAI({ apiKey: server.otherKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  const attempts = [
    () => stranger.conversations.retrieve(conversation.id),
    () => stranger.conversations.items.list(conversation.id),
    () => stranger.conversations.items.create(conversation.id, { items: [{ role: "user", content: "x" }] }),
    () => stranger.conversations.delete(conversation.id),
  ]
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ status: 404, code: "not_found" })
})

it("change only where a grant allows it, and each change leaves its record", async () => {
  await using narrow = await startContextServer({ grants: [{ to: "*", allow: ["file.write:*"], origin: "test" }] })
  const refused = new OpenAI({ apiKey: narrow.apiKey, baseURL: `${narrow.url}/v1`, maxRetries: 0 })
  const { id } = await narrow.context.conversations.create(wholeProject(narrow.projectId))
  const label = { integrity: 3 as const, sources: [], readers: [narrow.projectId], secrets: [] }
  await narrow.context.conversations.append(wholeProject(narrow.projectId), id, [{ id: "msg_a", item: { id: "msg_a" }, label }])
  const before = narrow.records.length
  const writes = [
    () => refused.conversations.create({}),
    () => refused.conversations.update(id, { metadata: { a: "b" } }),
    () => refused.conversations.items.create(id, { items: [{ role: "user", content: "x" }] }),
    () => refused.conversations.items.delete("msg_a", { conversation_id: id }),
    () => refused.conversations.delete(id),
  ]
  for (const write of writes) await expect(write()).rejects.toMatchObject({ status: 403, code: "policy_denied" })
  const told = narrow.records.slice(before)
  expect(told.map(({ kind, outcome, status }) => ({ kind, outcome, status }))).toEqual(
    writes.map(() => ({ kind: "conversation", outcome: "failed", status: 403 })),
  )
  expect(told[0]?.data).toMatchObject({ gate: { allowed: false, action: "conversation.write", target: "new" } })
  expect((await refused.conversations.items.list(id)).data).toHaveLength(1)

  const { id: own } = await client.conversations.create({ items: [{ role: "user", content: "hello" }] })
  await client.conversations.delete(own)
  expect(server.records.filter(({ kind }) => kind === "conversation").slice(-2)).toMatchObject([
    { name: "conversation.create", outcome: "completed", data: { gate: { allowed: true } } },
    { name: "conversation.delete", outcome: "completed", data: { gate: { target: own } } },
  ])
})

it("leave parts of items out unless they are asked for, one by one, and refuse what there is not", async () => {
  const { id } = await client.conversations.create({})
  const label = { integrity: 0 as const, sources: [], readers: [server.projectId], secrets: [] }
  const results = [{ file_id: "file_1", filename: "tea.md", text: "Tea.", score: 1, attributes: {} }]
  const picture = { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "auto" }
  const stored = [
    { id: "fs_1", type: "file_search_call", status: "completed", queries: ["tea"], results },
    { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "sealed" },
    { id: "msg_1", type: "message", role: "user", content: [{ type: "input_text", text: "What is it?" }, picture] },
    {
      id: "msg_2",
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "Tea", annotations: [], logprobs: [{ token: "Tea" }] }],
    },
  ]
  const items = stored.map((item) => ({ id: item.id, item, label }))
  await server.context.conversations.append(wholeProject(server.projectId), id, items)
  const list = async (include?: OpenAI.Responses.ResponseIncludable[]): Promise<object[]> =>
    (await client.conversations.items.list(id, { order: "asc", ...(include && { include }) })).data
  const bare = [
    { ...stored[0], results: null },
    { id: "rs_1", type: "reasoning", summary: [] },
    {
      ...stored[2],
      content: [
        { type: "input_text", text: "What is it?" },
        { ...picture, image_url: null },
      ],
    },
    { ...stored[3], content: [{ type: "output_text", text: "Tea", annotations: [], logprobs: [] }] },
  ]
  expect(await list()).toEqual(bare)
  expect(await list(["file_search_call.results"])).toEqual([stored[0], ...bare.slice(1)])
  const all = [
    "file_search_call.results",
    "reasoning.encrypted_content",
    "message.input_image.image_url",
    "message.output_text.logprobs",
  ] satisfies OpenAI.Responses.ResponseIncludable[]
  expect(await list(all)).toEqual(stored)
  const one = { conversation_id: id }
  expect(await client.conversations.items.retrieve("rs_1", one)).toEqual(bare[1])
  expect(await client.conversations.items.retrieve("rs_1", { ...one, include: ["reasoning.encrypted_content"] })).toEqual(stored[1])
  const added = {
    include: ["message.input_image.image_url" as const],
    items: [{ role: "user" as const, content: [{ ...picture, type: "input_image" as const, detail: "auto" as const }] }],
  }
  expect((await client.conversations.items.create(id, added)).data).toMatchObject([{ content: [picture] }])
  await expect(list(["tea.leaves" as never])).rejects.toMatchObject({ status: 400, param: "include", code: "unsupported_value" })
})

it("are deleted with what was remembered of them, where that is asked for", async () => {
  const { memories } = server.context
  const caller = { projectId: server.projectId, principal: "key_a" }
  const told = async (): Promise<(string | null)[]> =>
    (await memories.recall(caller, { scopes: ["s"], query: "teapot" }, AbortSignal.timeout(60_000))).entries.map(({ text }) => text)
  const make = async (text: string): Promise<string> => {
    const { id } = await client.conversations.create({})
    await memories.remember(caller, { scope: "s", text, role: "user", conversationId: id })
    return id
  }
  const [kept, taken] = [await make("The first teapot is green."), await make("The second teapot is red.")]
  expect(await told()).toHaveLength(2)
  await client.conversations.delete(kept)
  expect(await told()).toHaveLength(2)
  const remove = (query: string): Promise<Response> =>
    fetch(`${server.url}/v1/conversations/${taken}${query}`, { method: "DELETE", headers: { authorization: `Bearer ${server.apiKey}` } })
  expect((await remove("?derived=nonsense")).status).toBe(400)
  expect((await remove("?derived=revoke")).status).toBe(200)
  expect(await told()).toEqual(["The first teapot is green."])
  expect((await remove("?derived=revoke")).status).toBe(404)
})
