// OpenAI's Conversations API: create, retrieve, update, delete, and the items in them.
import { Hono } from "hono"
import { z } from "zod"
import { clientItemLabel, type NewItem } from "../../agents/index.ts"
import type { ConversationItem, Conversations, Memories, StoredConversationItem } from "../../context/index.ts"
import { isJsonObject, type IdPrefix, type JsonObject, type Limits, type NewId } from "../../core/index.ts"
import { userLabel } from "../../security/index.ts"
import type { StoredConversation } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { memoryCaller } from "../memory-caller.ts"
import { checked, readBody, readQuery } from "../request-body.ts"
import { cursorPage, jsonAnswer, ownerFields, pageQuery, seconds, wireOwner } from "./files-answers.ts"
import { includesOf, withIncluded } from "./conversation-includes.ts"
import { callerOf, createWrite, newTarget, ofConversations, type FileWriteOptions, type Write } from "./files-gate.ts"
import { createResponseSchema, newResponseOf } from "./responses/request-schema.ts"

export interface ConversationRoutesOptions extends FileWriteOptions {
  conversations: Conversations
  /** Takes back what was remembered of a conversation; throws where the caller may not. */
  memories: Pick<Memories, "revokeConversation">
  limits: Pick<Limits, "pageRowsMax">
}

/** Items that one request may add, as OpenAI has it. */
const itemsPerRequestMax = 20

export function conversationRoutes(options: ConversationRoutesOptions): Hono<HttpEnv> {
  const { conversations, newId, memories, gate } = options
  const write = createWrite(options, ofConversations)
  const routes = new Hono<HttpEnv>()
  routes.post("/v1/conversations", async (context) => {
    const body = await readBody(context, createBody)
    const items = labelled(body.items ?? [], context.get("principal").id, newId)
    const create = async (): Promise<StoredConversation> => {
      const made = await conversations.create(callerOf(context), body.metadata ?? {}, body.perdure?.owner)
      if (items.length > 0) await conversations.append(callerOf(context), made.id, items)
      return made
    }
    return jsonAnswer(wireConversation(await write(context, { name: "conversation.create", target: newTarget }, create)))
  })
  routes.get("/v1/conversations/:id", async (context) => {
    return jsonAnswer(wireConversation(await conversations.get(callerOf(context), context.req.param("id"))))
  })
  routes.post("/v1/conversations/:id", async (context) => {
    const id = context.req.param("id")
    const { metadata } = await readBody(context, updateBody)
    const update = (): Promise<StoredConversation> => conversations.update(callerOf(context), id, metadata ?? {})
    return jsonAnswer(wireConversation(await write(context, { name: "conversation.update", target: id }, update)))
  })
  routes.delete("/v1/conversations/:id", async (context) => {
    const id = context.req.param("id")
    const { derived } = readQuery(context, deleteQuery)
    await write(context, { name: "conversation.delete", target: id }, async () => {
      await conversations.requireWritable(callerOf(context), id)
      // First, so that a crash in between leaves a conversation that can be deleted again.
      if (derived === "revoke") {
        const { projectId, id: principal } = context.get("principal")
        gate.require({ projectId, principal, label: userLabel(principal), runId: null, action: "memory.delete", target: "project" })
        await memories.revokeConversation(memoryCaller(gate, context.get("principal")), id)
      }
      await conversations.delete(callerOf(context), id)
    })
    return jsonAnswer({ id, object: "conversation.deleted", deleted: true })
  })
  itemRoutes(routes, options, write)
  return routes
}

function itemRoutes(routes: Hono<HttpEnv>, { conversations, newId, limits }: ConversationRoutesOptions, write: Write): void {
  const at = "/v1/conversations/:id/items"
  routes.post(at, async (context) => {
    const id = context.req.param("id")
    const includes = includesOf(context.req.url)
    const body = await readBody(context, itemsBody)
    const items = labelled(body.items, context.get("principal").id, newId)
    await write(context, { name: "conversation.items.add", target: id }, () => conversations.append(callerOf(context), id, items))
    const shown = items.map((item) => wireItem(item, includes))
    return jsonAnswer(cursorPage(shown, items.length))
  })
  routes.get(at, async (context) => {
    const includes = includesOf(context.req.url)
    const page = pageQuery(readQuery(context, listQuery), limits.pageRowsMax)
    const rows = await conversations.items(callerOf(context), context.req.param("id"), { ...page, limit: page.limit + 1 })
    const shown = rows.map((item) => wireItem(item, includes))
    return jsonAnswer(cursorPage(shown, page.limit))
  })
  routes.get(`${at}/:item`, async (context) => {
    const { id, item } = context.req.param()
    const includes = includesOf(context.req.url)
    return jsonAnswer(wireItem(await conversations.item(callerOf(context), id, item), includes))
  })
  routes.delete(`${at}/:item`, async (context) => {
    const { id, item } = context.req.param()
    const remove = (): Promise<void> => conversations.deleteItem(callerOf(context), id, item)
    await write(context, { name: "conversation.item.delete", target: id }, remove)
    return jsonAnswer(wireConversation(await conversations.get(callerOf(context), id)))
  })
}

/** An addition to OpenAI's: what was remembered of it stays, or is taken back with it. */
const deleteQuery = z.looseObject({ derived: z.enum(["keep", "revoke"]).default("keep") })

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

function wireItem({ id, item }: ConversationItem | StoredConversationItem, includes: ReadonlySet<string>): { id: string } & JsonObject {
  return { ...(isJsonObject(item) ? withIncluded(item, includes) : {}), id }
}

function wireConversation(conversation: StoredConversation): JsonObject {
  const { id, metadata, createdAt } = conversation
  return { id, object: "conversation", created_at: seconds(createdAt), metadata, ...wireOwner(conversation) }
}
