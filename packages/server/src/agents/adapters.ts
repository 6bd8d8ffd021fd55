// Fits the services of context to what the turn loop asks for.
import { AppError } from "../core/index.ts"
import { parseFilter, type Conversations, type Search } from "../context/index.ts"
import type { ConversationItems } from "./chain.ts"
import type { SearchDocuments } from "./file-search.ts"
import type { ResponseItem } from "./types.ts"

export function searchDocuments(search: Search): SearchDocuments {
  return async (caller, { vectorStoreIds, query, limit, filters, scoreThreshold }, signal) => {
    const asked = {
      vectorStoreIds,
      query,
      limit,
      ...(filters === null ? {} : { filters: parseFilter(filters) }),
      ...(scoreThreshold === null ? {} : { scoreThreshold }),
    }
    const { results } = await search(caller, asked, signal)
    return results.map(({ chunkId, fileId, filename, text, score, attributes, label }) => ({
      chunkId,
      fileId,
      filename,
      text,
      score,
      attributes,
      label,
    }))
  }
}

export function conversationItems(conversations: Pick<Conversations, "allItems" | "append">): ConversationItems {
  return {
    load: async (projectId, id) => {
      try {
        const items = await conversations.allItems(projectId, id)
        return items.map(({ item, label }) => ({ item: item as ResponseItem, label })) // appended as items, here or by the conversations API
      } catch (error) {
        if (error instanceof AppError && error.code === "not_found") return undefined
        throw error
      }
    },
    append: (projectId, id, runId, items) =>
      conversations.append(
        projectId,
        id,
        items.map(({ item, label }) => ({ id: item.id, item, label, runId })),
      ),
  }
}
