// Prompts of a project: versions that never change, labels that point to them, and which projects changed something that is kept in memory.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredPromptVersion {
  name: string
  version: number
  content: JsonValue
  createdBy: string
  createdAt: number
}

export interface StoredPromptLabel {
  name: string
  label: string
  version: number
}

/** The number of the next version, which nobody gets a second time; nobody else adds one to that prompt until the transaction ends. */
export async function nextVersion(db: Queryable, projectId: string, name: string): Promise<number> {
  const text = `insert into prompts as known (project_id, name, last_version) values ($1, $2, 1)
    on conflict (project_id, name) do update set last_version = known.last_version + 1 returning last_version as version`
  return (await db.query<{ version: number }>(text, [projectId, name]))[0]?.version ?? 1
}

export async function insertVersion(
  db: Queryable,
  projectId: string,
  { name, version, content, createdBy }: Omit<StoredPromptVersion, "createdAt">,
): Promise<StoredPromptVersion | undefined> {
  const text = `insert into prompt_versions (project_id, name, version, content, created_by) values ($1, $2, $3, $4::jsonb, $5)
    returning name, version, content, created_by as "createdBy", created_at as "createdAt"`
  return (await db.query<StoredPromptVersion>(text, [projectId, name, version, jsonText(content), createdBy]))[0]
}

export async function countVersions(db: Queryable, projectId: string): Promise<number> {
  const text = `select count(*)::int8 as count from prompt_versions where project_id = $1`
  return (await db.query<{ count: number }>(text, [projectId]))[0]?.count ?? 0
}

export async function setLabel(db: Queryable, projectId: string, { name, label, version }: StoredPromptLabel): Promise<void> {
  const text = `insert into prompt_labels (project_id, name, label, version) values ($1, $2, $3, $4)
    on conflict (project_id, name, label) do update set version = excluded.version`
  await db.query(text, [projectId, name, label, version])
}

export async function removeLabel(db: Queryable, projectId: string, name: string, label: string): Promise<boolean> {
  const text = `delete from prompt_labels where project_id = $1 and name = $2 and label = $3 returning label`
  return (await db.query(text, [projectId, name, label])).length > 0
}

/** All versions, or one. The counter stays, so that no number comes again. */
export async function removeVersions(db: Queryable, projectId: string, name: string, version: number | null): Promise<number> {
  const text = `delete from prompt_versions where project_id = $1 and name = $2 and ($3::int is null or version = $3) returning version`
  return (await db.query(text, [projectId, name, version])).length
}

export function versionsOfProject(db: Queryable, projectId: string): Promise<StoredPromptVersion[]> {
  const text = `select name, version, content, created_by as "createdBy", created_at as "createdAt"
    from prompt_versions where project_id = $1 order by name, version`
  return db.query<StoredPromptVersion>(text, [projectId])
}

export function labelsOfProject(db: Queryable, projectId: string): Promise<StoredPromptLabel[]> {
  return db.query<StoredPromptLabel>(`select name, label, version from prompt_labels where project_id = $1`, [projectId])
}

export interface PromptChange {
  projectId: string
  version: number
}

/** One row for each project that ever had prompts or experiments; `projectId` asks for one. */
export function changes(db: Queryable, projectId: string | null): Promise<PromptChange[]> {
  const text = `select project_id as "projectId", version from prompt_changes where $1::text is null or project_id = $1`
  return db.query<PromptChange>(text, [projectId])
}
