// Entities of a scope and the names by which they are found: hashes, so that no name lies in the database in plain.
import type { Queryable } from "../port.ts"

export interface StoredEntity {
  id: string
  scope: string
  keyId: string
  body: Uint8Array | null
  createdAt: number
}

export interface StoredEntityName {
  entityId: string
  hash: string
  trigrams: number[]
}

/** Names that are one of these, or share letters with one of these. */
export function namesLike(
  db: Queryable,
  projectId: string,
  scope: string,
  hashes: readonly string[],
  trigrams: readonly number[],
): Promise<StoredEntityName[]> {
  const text = `select entity_id as "entityId", name_hash as hash, trigrams from memory_entity_names
    where project_id = $1 and scope = $2 and (name_hash = any($3) or trigrams && $4::int[]) order by entity_id, name_hash limit 1000`
  return db.query<StoredEntityName>(text, [projectId, scope, hashes, trigrams])
}

export async function insertEntity(tx: Queryable, projectId: string, entity: StoredEntity): Promise<void> {
  await tx.query(
    `insert into memory_entities (project_id, id, scope, key_id, body, created_at) values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000))`,
    [projectId, entity.id, entity.scope, entity.keyId, entity.body, entity.createdAt],
  )
}

/** A name that is known stays whose it is. */
export async function insertEntityName(tx: Queryable, projectId: string, scope: string, name: StoredEntityName): Promise<void> {
  await tx.query(
    `insert into memory_entity_names (project_id, scope, name_hash, entity_id, trigrams) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [projectId, scope, name.hash, name.entityId, name.trigrams],
  )
}

/** Those that nothing speaks of any more go. */
export async function deleteLonelyEntities(tx: Queryable, projectId: string, scope: string): Promise<void> {
  await tx.query(
    `delete from memory_entities e where e.project_id = $1 and e.scope = $2
       and not exists (select from memory_mentions m where m.project_id = $1 and m.entity_id = e.id)`,
    [projectId, scope],
  )
}
