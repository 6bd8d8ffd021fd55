// Conversations: ordered items that several runs share, each item with the label that it was written with.
import { AppError, type Clock, type JsonObject, type JsonValue, type NewId } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { conversations, type ItemPage, type Queryable, type Store, type StoredConversation, type StoredItem } from "../store/index.ts"
import { newOwner, reachOf, requireWritable, type ActingCaller } from "./owners.ts"

export interface ConversationItem {
  /** The item's own id (`msg_…`, `fc_…`); appending the same id again changes nothing. */
  id: string
  item: JsonValue
  label: Label
  runId?: string | null
}

export interface StoredConversationItem extends Omit<StoredItem, "label"> {
  label: Label
}

export interface Conversations {
  /** `owner`: the scope that it belongs to, where it is not the caller's own. */
  create(caller: ActingCaller, metadata?: JsonObject, owner?: string): Promise<StoredConversation>
  get(caller: ActingCaller, id: string): Promise<StoredConversation>
  /** Throws where the caller does not reach it, or only reads it. */
  requireWritable(caller: ActingCaller, id: string): Promise<StoredConversation>
  update(caller: ActingCaller, id: string, metadata: JsonObject): Promise<StoredConversation>
  delete(caller: ActingCaller, id: string): Promise<void>
  /** Appends in order; `tx` makes it part of a transaction of the caller, such as that of a step. */
  append(caller: ActingCaller, id: string, items: readonly ConversationItem[], tx?: Queryable): Promise<void>
  items(caller: ActingCaller, id: string, page: ItemPage): Promise<StoredConversationItem[]>
  /** All items from the first on, up to a limit that is named in the error when it is passed. */
  allItems(caller: ActingCaller, id: string): Promise<StoredConversationItem[]>
  item(caller: ActingCaller, id: string, itemId: string): Promise<StoredConversationItem>
  deleteItem(caller: ActingCaller, id: string, itemId: string): Promise<void>
}

export interface ConversationsDependencies {
  store: Store
  clock: Clock
  newId: NewId
}

/** Items that are read at once to build a prompt. */
export const conversationItemsMax = 5_000

export function createConversations({ store, clock, newId }: ConversationsDependencies): Conversations {
  const find = async (db: Queryable, caller: ActingCaller, id: string, right: "read" | "write"): Promise<StoredConversation> => {
    const reach = await reachOf(db, caller)
    const found = await conversations.findConversation(db, caller.projectId, id, reach.read)
    if (found === undefined) throw noConversation(id)
    if (right === "write") requireWritable(reach, caller, "conversation", found)
    return found
  }
  const get = (caller: ActingCaller, id: string): Promise<StoredConversation> => find(store.project(caller.projectId), caller, id, "read")
  const writable = (caller: ActingCaller, id: string): Promise<StoredConversation> =>
    find(store.project(caller.projectId), caller, id, "write")
  const items = async (caller: ActingCaller, id: string, page: ItemPage): Promise<StoredConversationItem[]> => {
    const { projectId } = caller
    await get(caller, id)
    return (await conversations.listItems(store.project(projectId), projectId, id, page)).map(fromStored)
  }
  return {
    async create(caller, metadata = {}, asked) {
      const { projectId } = caller
      const owner = await newOwner(store.project(projectId), caller, asked)
      const conversation = { id: newId("conv"), projectId, metadata, owner, createdAt: clock.now() }
      await conversations.insertConversation(store.project(projectId), conversation)
      return conversation
    },
    get,
    requireWritable: writable,
    async update(caller, id, metadata) {
      const { projectId } = caller
      await writable(caller, id)
      if (!(await conversations.updateConversation(store.project(projectId), projectId, id, metadata))) throw noConversation(id)
      return get(caller, id)
    },
    async delete(caller, id) {
      const { projectId } = caller
      await writable(caller, id)
      if (!(await conversations.deleteConversation(store.project(projectId), projectId, id))) throw noConversation(id)
    },
    async append(caller, id, added, tx) {
      const { projectId } = caller
      const rows = added.map(({ id: itemId, item, label, runId = null }) => ({
        id: itemId,
        item,
        label: label as unknown as JsonValue, // a Label is plain JSON
        runId,
        createdAt: clock.now(),
      }))
      const write = async (db: Queryable): Promise<boolean> => {
        await find(db, caller, id, "write")
        return conversations.appendItems(db, projectId, id, rows)
      }
      const found = tx === undefined ? await store.project(projectId).transaction(write) : await write(tx)
      if (!found) throw noConversation(id)
    },
    items,
    async allItems(caller, id) {
      const found = await items(caller, id, { limit: conversationItemsMax + 1, ascending: true })
      if (found.length <= conversationItemsMax) return found
      throw new AppError("context_length_exceeded", `Conversation '${id}' has more than ${conversationItemsMax} items.`, {
        param: "conversation",
        hint: "Start a new conversation from a summary of this one.",
      })
    },
    async item(caller, id, itemId) {
      const { projectId } = caller
      await get(caller, id)
      const found = await conversations.findItem(store.project(projectId), projectId, id, itemId)
      return found === undefined ? raise(noItem(id, itemId)) : fromStored(found)
    },
    async deleteItem(caller, id, itemId) {
      const { projectId } = caller
      await writable(caller, id)
      if (!(await conversations.deleteItem(store.project(projectId), projectId, id, itemId))) throw noItem(id, itemId)
    },
  }
}

function fromStored(item: StoredItem): StoredConversationItem {
  return { ...item, label: item.label as unknown as Label } // written by us from a Label
}

function noConversation(id: string): AppError {
  return new AppError("not_found", `No conversation '${id}' in this project.`, { param: "conversation_id" })
}

function noItem(id: string, itemId: string): AppError {
  return new AppError("not_found", `No item '${itemId}' in conversation '${id}'.`, { param: "item_id" })
}

function raise(error: AppError): never {
  throw error
}
