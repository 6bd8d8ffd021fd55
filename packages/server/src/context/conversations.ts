// Conversations: ordered items that several runs share, each item with the label that it was written with.
import { AppError, type Clock, type JsonObject, type JsonValue, type NewId } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { conversations, type ItemPage, type Queryable, type Store, type StoredConversation, type StoredItem } from "../store/index.ts"

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
  create(projectId: string, metadata?: JsonObject): Promise<StoredConversation>
  get(projectId: string, id: string): Promise<StoredConversation>
  update(projectId: string, id: string, metadata: JsonObject): Promise<StoredConversation>
  delete(projectId: string, id: string): Promise<void>
  /** Appends in order; `tx` makes it part of a transaction of the caller, such as that of a step. */
  append(projectId: string, id: string, items: readonly ConversationItem[], tx?: Queryable): Promise<void>
  items(projectId: string, id: string, page: ItemPage): Promise<StoredConversationItem[]>
  /** All items from the first on, up to a limit that is named in the error when it is passed. */
  allItems(projectId: string, id: string): Promise<StoredConversationItem[]>
  item(projectId: string, id: string, itemId: string): Promise<StoredConversationItem>
  deleteItem(projectId: string, id: string, itemId: string): Promise<void>
}

export interface ConversationsDependencies {
  store: Store
  clock: Clock
  newId: NewId
}

/** Items that are read at once to build a prompt. */
export const conversationItemsMax = 5_000

export function createConversations({ store, clock, newId }: ConversationsDependencies): Conversations {
  const get = async (projectId: string, id: string): Promise<StoredConversation> =>
    (await conversations.findConversation(store.project(projectId), projectId, id)) ?? raise(noConversation(id))
  const items = async (projectId: string, id: string, page: ItemPage): Promise<StoredConversationItem[]> => {
    await get(projectId, id)
    return (await conversations.listItems(store.project(projectId), projectId, id, page)).map(fromStored)
  }
  return {
    async create(projectId, metadata = {}) {
      const conversation = { id: newId("conv"), projectId, metadata, createdAt: clock.now() }
      await conversations.insertConversation(store.project(projectId), conversation)
      return conversation
    },
    get,
    async update(projectId, id, metadata) {
      if (!(await conversations.updateConversation(store.project(projectId), projectId, id, metadata))) throw noConversation(id)
      return get(projectId, id)
    },
    async delete(projectId, id) {
      if (!(await conversations.deleteConversation(store.project(projectId), projectId, id))) throw noConversation(id)
    },
    async append(projectId, id, added, tx) {
      const rows = added.map(({ id: itemId, item, label, runId = null }) => ({
        id: itemId,
        item,
        label: label as unknown as JsonValue, // a Label is plain JSON
        runId,
        createdAt: clock.now(),
      }))
      const write = (db: Queryable): Promise<boolean> => conversations.appendItems(db, projectId, id, rows)
      const found = tx === undefined ? await store.project(projectId).transaction(write) : await write(tx)
      if (!found) throw noConversation(id)
    },
    items,
    async allItems(projectId, id) {
      const found = await items(projectId, id, { limit: conversationItemsMax + 1, ascending: true })
      if (found.length <= conversationItemsMax) return found
      throw new AppError("context_length_exceeded", `Conversation '${id}' has more than ${conversationItemsMax} items.`, {
        param: "conversation",
        hint: "Start a new conversation from a summary of this one.",
      })
    },
    async item(projectId, id, itemId) {
      const found = await conversations.findItem(store.project(projectId), projectId, id, itemId)
      return found === undefined ? raise(noItem(id, itemId)) : fromStored(found)
    },
    async deleteItem(projectId, id, itemId) {
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
