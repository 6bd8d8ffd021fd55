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
