// Conversations and their ordered items, each with its own label.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"
import { ownedBy, type Owners } from "./owners.ts"

export interface StoredConversation {
  id: string
  projectId: string
  metadata: JsonValue
  /** The scope that it belongs to. */
  owner: string
  createdAt: number
}

export interface StoredItem {
  id: string
  /** Dense from 0 in the order in which items were appended. */
  position: number
  item: JsonValue
  label: JsonValue
  runId: string | null
  createdAt: number
}

export interface ItemPage {
  /** Id of the last item of the page before. */
  after?: string | undefined
  limit: number
  ascending: boolean
}

const columns = `id, project_id as "projectId", metadata, owner, created_at as "createdAt"`
const itemColumns = `id, position, item, label, run_id as "runId", created_at as "createdAt"`

export async function insertConversation(db: Queryable, conversation: StoredConversation): Promise<void> {
  await db.query(
    `insert into conversations (id, project_id, metadata, created_at, owner) values ($1, $2, $3::jsonb, to_timestamp($4::float8 / 1000), $5)`,
    [conversation.id, conversation.projectId, jsonText(conversation.metadata), conversation.createdAt, conversation.owner],
  )
}

export async function findConversation(
  db: Queryable,
  projectId: string,
  id: string,
  owners: Owners,
): Promise<StoredConversation | undefined> {
  const text = `select ${columns} from conversations where project_id = $1 and id = $2 and ${ownedBy(3)}`
  return (await db.query<StoredConversation>(text, [projectId, id, owners]))[0]
}

export async function updateConversation(db: Queryable, projectId: string, id: string, metadata: JsonValue): Promise<boolean> {
  const text = `update conversations set metadata = $3::jsonb where project_id = $1 and id = $2 returning id`
  return (await db.query(text, [projectId, id, jsonText(metadata)])).length > 0
}

export async function deleteConversation(db: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await db.query(`delete from conversations where project_id = $1 and id = $2 returning id`, [projectId, id])).length > 0
}

/**
 * Appends items after the last one; an id that is there already is left as it is, so that repeating an append changes nothing.
 * Must run in a transaction: the conversation's row is locked, which puts appends one after the other. False when there is no such conversation.
 */
export async function appendItems(
  db: Queryable,
  projectId: string,
  conversationId: string,
  items: readonly Omit<StoredItem, "position">[],
): Promise<boolean> {
  const [row] = await db.query<{ items: number }>(`select items from conversations where project_id = $1 and id = $2 for update`, [
    projectId,
    conversationId,
  ])
  if (row === undefined) return false
  const known = await db.query<{ id: string }>(
    `select id from conversation_items where project_id = $1 and conversation_id = $2 and id = any($3)`,
    [projectId, conversationId, items.map((item) => item.id)],
  )
  // Ids may be a client's own, so they may also be twice in one request.
  const taken = new Set(known.map(({ id }) => id))
  const fresh = items.filter(({ id }) => !taken.has(id) && taken.add(id))
  if (fresh.length === 0) return true
  await db.query(
    `insert into conversation_items (project_id, conversation_id, position, id, item, label, run_id, created_at)
     select $1, $2, p, i, d::jsonb, l::jsonb, r, to_timestamp(t / 1000)
     from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[]) as u (p, i, d, l, r, t)`,
    [
      projectId,
      conversationId,
      fresh.map((_, index) => row.items + index),
      fresh.map((item) => item.id),
      fresh.map((item) => jsonText(item.item)),
      fresh.map((item) => jsonText(item.label)),
      fresh.map((item) => item.runId),
      fresh.map((item) => item.createdAt),
    ],
  )
  await db.query(`update conversations set items = items + $3 where project_id = $1 and id = $2`, [projectId, conversationId, fresh.length])
  return true
}

export function listItems(db: Queryable, projectId: string, conversationId: string, page: ItemPage): Promise<StoredItem[]> {
  const [compare, order] = page.ascending ? [">", "asc"] : ["<", "desc"]
  return db.query<StoredItem>(
    `select ${itemColumns} from conversation_items i where project_id = $1 and conversation_id = $2
       and ($3::text is null or position ${compare} (select a.position from conversation_items a
         where a.project_id = $1 and a.conversation_id = $2 and a.id = $3)) order by position ${order} limit $4`,
    [projectId, conversationId, page.after ?? null, page.limit],
  )
}

export async function findItem(db: Queryable, projectId: string, conversationId: string, id: string): Promise<StoredItem | undefined> {
  const text = `select ${itemColumns} from conversation_items where project_id = $1 and conversation_id = $2 and id = $3`
  return (await db.query<StoredItem>(text, [projectId, conversationId, id]))[0]
}

export async function deleteItem(db: Queryable, projectId: string, conversationId: string, id: string): Promise<boolean> {
  const text = `delete from conversation_items where project_id = $1 and conversation_id = $2 and id = $3 returning id`
  return (await db.query(text, [projectId, conversationId, id])).length > 0
}
