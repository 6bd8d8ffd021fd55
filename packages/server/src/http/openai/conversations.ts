// OpenAI's Conversations API: create, retrieve, update, delete, and the items in them.
import { Hono } from "hono"
import { z } from "zod"
import { clientItemLabel, type NewItem } from "../../agents/index.ts"
import type { ConversationItem, Conversations, StoredConversationItem } from "../../context/index.ts"
import { isJsonObject, type IdPrefix, type JsonObject, type Limits, type NewId } from "../../core/index.ts"
import type { StoredConversation } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { checked, readBody, readQuery } from "../request-body.ts"
import { cursorPage, jsonAnswer, ownerFields, pageQuery, seconds, wireOwner } from "./files-answers.ts"
import { callerOf } from "./files-gate.ts"
import { createResponseSchema, newResponseOf } from "./responses/request-schema.ts"

export interface ConversationRoutesOptions {
  conversations: Conversations
  newId: NewId
  limits: Pick<Limits, "pageRowsMax">
}

/** Items that one request may add, as OpenAI has it. */
const itemsPerRequestMax = 20

export function conversationRoutes({ conversations, newId, limits }: ConversationRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/conversations", async (context) => {
    const body = await readBody(context, createBody)
    const items = labelled(body.items ?? [], context.get("principal").id, newId)
    const conversation = await conversations.create(callerOf(context), body.metadata ?? {}, body.perdure?.owner)
    if (items.length > 0) await conversations.append(callerOf(context), conversation.id, items)
    return jsonAnswer(wireConversation(conversation))
  })
  routes.get("/v1/conversations/:id", async (context) => {
    return jsonAnswer(wireConversation(await conversations.get(callerOf(context), context.req.param("id"))))
  })
  routes.post("/v1/conversations/:id", async (context) => {
    const { metadata } = await readBody(context, updateBody)
    return jsonAnswer(wireConversation(await conversations.update(callerOf(context), context.req.param("id"), metadata ?? {})))
  })
  routes.delete("/v1/conversations/:id", async (context) => {
    const id = context.req.param("id")
    await conversations.delete(callerOf(context), id)
    return jsonAnswer({ id, object: "conversation.deleted", deleted: true })
  })
  routes.post("/v1/conversations/:id/items", async (context) => {
    const body = await readBody(context, itemsBody)
    const items = labelled(body.items, context.get("principal").id, newId)
    await conversations.append(callerOf(context), context.req.param("id"), items)
    return jsonAnswer(cursorPage(items.map(wireItem), items.length))
  })
  routes.get("/v1/conversations/:id/items", async (context) => {
    const page = pageQuery(readQuery(context, listQuery), limits.pageRowsMax)
    const rows = await conversations.items(callerOf(context), context.req.param("id"), { ...page, limit: page.limit + 1 })
    return jsonAnswer(cursorPage(rows.map(wireItem), page.limit))
  })
  routes.get("/v1/conversations/:id/items/:item", async (context) => {
    const { id, item } = context.req.param()
    return jsonAnswer(wireItem(await conversations.item(callerOf(context), id, item)))
  })
  routes.delete("/v1/conversations/:id/items/:item", async (context) => {
    const { id, item } = context.req.param()
    await conversations.deleteItem(callerOf(context), id, item)
    return jsonAnswer(wireConversation(await conversations.get(callerOf(context), id)))
  })
  return routes
}

const metadata = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((value) => Object.keys(value).length <= 16, "at most 16 keys")
const items = z.array(z.unknown()).max(itemsPerRequestMax)
const createBody = z.looseObject({ metadata: metadata.nullish(), items: items.nullish(), perdure: ownerFields })
const updateBody = z.looseObject({ metadata: metadata.nullable() })
const itemsBody = z.looseObject({ items: items.min(1) })
const listQuery = z.looseObject({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
  order: z.enum(["asc", "desc"]).optional(),
})

/** Items in the form in which responses read them, each with an id of ours and the label of what a client sends. */
function labelled(input: readonly unknown[], principal: string, newId: NewId): ConversationItem[] {
  if (input.length === 0) return []
  // The input of a response has the same grammar, so it is read by the same schema.
  const { input: parsed } = newResponseOf(checked(createResponseSchema, { model: "-", input }))
  return parsed.map((given) => {
    const id = newId(prefixOf(given))
    const item = { ...given, id }
    return { id, item, label: clientItemLabel(item, principal) }
  })
}

function prefixOf(item: NewItem): IdPrefix {
  if (item.type === "message") return "msg"
  return item.type === "function_call" ? "fc" : "item"
}

function wireItem({ id, item }: ConversationItem | StoredConversationItem): { id: string } & JsonObject {
  return { ...(isJsonObject(item) ? item : {}), id }
}

function wireConversation(conversation: StoredConversation): JsonObject {
  const { id, metadata, createdAt } = conversation
  return { id, object: "conversation", created_at: seconds(createdAt), metadata, ...wireOwner(conversation) }
}
