// Fits the services of context to what the turn loop asks for.
import { AppError, type JsonObject, type JsonValue } from "../core/index.ts"
import {
  parseFilter,
  parseScope,
  wholeProject,
  type Assembler,
  type Blocks,
  type Conversations,
  type Memories,
  type MemoryCommand,
  type RecallManner,
  type Search,
} from "../context/index.ts"
import type { ConversationItems } from "./chain.ts"
import type { SearchDocuments } from "./file-search.ts"
import type { RunMemoryCommand } from "./memory-tool.ts"
import type { AssembleContext } from "./recalled-context.ts"
import type { RememberTurns } from "./remember-turns.ts"
import { fileSearchName } from "./tool-choice.ts"
import type { MemoryWish, ResponseItem } from "./types.ts"
import { joinLabels, userLabel, type Gate } from "../security/index.ts"

export function searchDocuments(search: Search): SearchDocuments {
  return async (caller, { vectorStoreIds, query, limit, filters, scoreThreshold, weights, ranker, diversity }, signal) => {
    const asked = {
      vectorStoreIds,
      query,
      limit,
      ...(filters === null ? {} : { filters: parseFilter(filters) }),
      ...(scoreThreshold === null ? {} : { scoreThreshold }),
      ...(weights === null ? {} : { weights }),
      ...(ranker === null ? {} : { ranker }),
      ...(diversity === null ? {} : { diversity }),
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

/** What a command lacks is the model's mistake, and its answer says so. */
export function blockCommands(blocks: Pick<Blocks, "command">): RunMemoryCommand {
  return async (caller, { command, ...asked }) => {
    const missing = missingIn(command)
    if (missing !== undefined) return { text: `Error: the command needs \`${missing}\``, isError: true, label: null }
    return blocks.command(caller, { ...asked, command: command as unknown as MemoryCommand }) // its members were checked, and their types by the tool's schema
  }
}

const needed: Readonly<Record<MemoryCommand["command"], readonly string[]>> = {
  view: ["path"],
  create: ["path", "file_text"],
  str_replace: ["path", "old_str"],
  insert: ["path", "insert_line", "insert_text"],
  delete: ["path"],
  rename: ["old_path", "new_path"],
}

function missingIn(command: JsonObject): string | undefined {
  return needed[command["command"] as MemoryCommand["command"]].find((name) => command[name] === undefined) // one of the schema's names
}

/** What a call is given of its scopes. Passages come to whoever may search files, as a model's own search would give them. */
export function contextAssembler(assembler: Assembler, gate: Pick<Gate, "decide">): AssembleContext {
  return async (caller, { wish, query, runId, shown = [], embedWaitMs }, signal) => {
    const { budget_tokens: budgetTokens = 0, limit = 0, lanes = null, level_min: levelMin = null, states = [] } = wish.recall ?? {}
    const narrowed = { ...(lanes === null ? {} : { lanes }), ...(levelMin === null ? {} : { levelMin }), ...manner(wish) }
    const { scopes, read_after: readAfter, vector_store_ids: stores } = wish
    const refused = stores === undefined ? undefined : searchRefusal(gate, caller, runId)
    const vectorStoreIds = refused === undefined ? stores : undefined
    const request = { scopes, readAfter, vectorStoreIds, query, budgetTokens, limit, states, runId, shown, embedWaitMs, ...narrowed }
    const assembled = assembler.assemble(caller, request, signal).catch((error: unknown) => {
      throw asWished(error)
    })
    const { manifest, withheld, passedOver, wordsOnly, label, ...texts } = await assembled
    const memoryIds = manifest.entries.map(({ id }) => id).filter((id) => id.startsWith("mem_"))
    const late = wordsOnly === null ? {} : { wordsOnly }
    const told = { ...manifest, withheld, passedOver, ...late, ...(refused === undefined ? {} : { documentsRefused: refused }) }
    const fileIds = [...new Set(manifest.entries.flatMap(({ citation }) => citation?.fileId ?? []))]
    return { ...texts, manifest: told as unknown as JsonValue, memoryIds, fileIds, label } // plain JSON
  }
}

/** How it recalls, in the words of a recall. */
function manner({ recall }: MemoryWish): RecallManner {
  const { as_of: asOf, valid_at: validAt, time, time_zone: timeZone, hop, rerank, weights, diversity } = recall ?? {}
  return { asOf, validAt, time, timeZone, hop, rerank, weights, diversity }
}

/** The request names vector stores by another name than a search does. */
function asWished(error: unknown): unknown {
  if (!(error instanceof AppError) || error.param !== "vector_store_id") return error
  const { code, message, hint, cause } = error
  return new AppError(code, message, { param: "perdure.memory.vector_store_ids", ...(hint === undefined ? {} : { hint }), cause })
}

/** Why the caller may not search files; undefined where it may. */
function searchRefusal(gate: Pick<Gate, "decide">, caller: { projectId: string; principal: string }, runId: string): string | undefined {
  const { projectId, principal } = caller
  const decision = gate.decide({ projectId, principal, action: "tool.read", target: fileSearchName, label: userLabel(principal), runId })
  return decision.allowed ? undefined : decision.reason
}

/** Keeps turns past the gate; one that may not write leaves nothing, and says why. */
export function turnKeeper(memories: Pick<Memories, "remember">, gate: Pick<Gate, "decide">): RememberTurns {
  return async (caller, { scope, session, conversationId, runId, turns, origin: face = "responses" }) => {
    const label = joinLabels([userLabel(caller.principal), ...turns.flatMap((turn) => turn.label ?? [])])
    const { projectId, principal } = caller
    const decision = gate.decide({ projectId, principal, action: "memory.write", target: parseScope(scope).path, label, runId })
    if (!decision.allowed) return { ids: [], refused: decision.reason }
    const ids: string[] = []
    const kept = new Map<string, string>()
    // One after the other: each message is indexed with the one before it.
    for (const { role, text, itemId, label: own, recalledFrom, before = [...kept.keys()], tool, fileIds } of turns) {
      // One source for all that is said outside of conversations: a transcript that is sent again is recognised, whatever call it comes in.
      const origin = { source: { kind: kinds[role], uri: tool ?? conversationId ?? face } }
      const where = { scope, session, itemId, runId, ...(conversationId === null ? {} : { conversationId }) }
      // What was kept just now goes by its id there: the same text may have been kept as another item before.
      const madeWith = { entryIds: before.flatMap((id) => kept.get(id) ?? []), itemIds: before.filter((id) => !kept.has(id)), fileIds }
      const known = { recalledFrom: recalledFrom.slice(0, recalledFromMax), ...(own === undefined ? {} : { label: own }) }
      const said = text.slice(0, turnCharactersMax).toWellFormed()
      const { id } = await memories.remember(caller, { role, text: said, madeWith, ...where, ...origin, ...known })
      kept.set(itemId, id)
      ids.push(id)
    }
    return { ids, refused: null }
  }
}

const kinds = { user: "user", assistant: "agent", tool: "tool" } as const
const recalledFromMax = 100
/** What a memory may have; of a longer turn the beginning is kept. */
const turnCharactersMax = 32_000

export function conversationItems(conversations: Pick<Conversations, "allItems" | "append" | "requireWritable">): ConversationItems {
  return {
    load: async (caller, id, right) => {
      try {
        if (right === "write") await conversations.requireWritable(caller, id)
        const items = await conversations.allItems(caller, id)
        return items.map(({ item, label }) => ({ item: item as ResponseItem, label })) // appended as items, here or by the conversations API
      } catch (error) {
        if (error instanceof AppError && error.code === "not_found") return undefined
        throw error
      }
    },
    append: (projectId, id, runId, items) =>
      conversations.append(
        wholeProject(projectId),
        id,
        items.map(({ item, label }) => ({ id: item.id, item, label, runId })),
      ),
  }
}
