// The texts of one erasure: collected as entries are deleted, kept encrypted until its end, turned into what is searched for.
import { AppError, isJsonObject, type JsonValue } from "../../core/index.ts"
import { erasures, type ErasedEntry, type Queryable } from "../../store/index.ts"
import { openBody, sealBody } from "../memory/bodies.ts"
import type { DataKeys } from "../memory/data-keys.ts"
import type { OpenClientText } from "../../security/index.ts"
import { createNeedles, textForms, type Needles } from "./needles.ts"

/** Shorter ones are what anybody may have said: they are looked for only where the entry came from. */
export const charsEverywhereMin = 24
export const charsMin = 4

export interface CollectedTexts {
  texts: string[]
  runIds: string[]
  conversationIds: string[]
}

export interface Search {
  everywhere: Needles
  /** In the runs and conversations that the entries came from, or were recalled in. */
  linked: Needles
  runIds: ReadonlySet<string>
  conversationIds: ReadonlySet<string>
  /** As they are, for a search of bytes. */
  texts: readonly string[]
  shortTexts: number
}

/** `opened`: sealed texts are looked into. */
export function searchFor(collected: Iterable<CollectedTexts>, isQuery: boolean, opened: OpenClientText): Search {
  const texts = new Set<string>()
  const runIds = new Set<string>()
  const conversationIds = new Set<string>()
  for (const each of collected) {
    for (const text of each.texts) texts.add(text)
    for (const id of each.runIds) runIds.add(id)
    for (const id of each.conversationIds) conversationIds.add(id)
  }
  const long = [...texts].filter((text) => isQuery || text.length >= charsEverywhereMin)
  const searchable = [...texts].filter((text) => text.length >= charsMin)
  return {
    everywhere: createNeedles(long.flatMap(textForms), { opened }),
    linked: createNeedles(searchable.flatMap(textForms), { opened }),
    runIds,
    conversationIds,
    texts: long,
    shortTexts: texts.size - long.length,
  }
}

export function keySubject(erasureId: string): string {
  return `erasure:${erasureId}`
}

export async function keepTexts(
  { keys }: { keys: DataKeys },
  tx: Queryable,
  place: { projectId: string; erasureId: string; id: string },
  collected: CollectedTexts,
): Promise<void> {
  const { projectId, erasureId, id } = place
  const key = await keys.held(tx, projectId, keySubject(erasureId))
  const body = sealBody(key.bytes, projectId, `${erasureId} ${id}`, collected)
  await erasures.insertText(tx, projectId, erasureId, { id, keyId: key.id, body })
}

export async function keptTexts(
  { keys }: { keys: DataKeys },
  db: Queryable,
  projectId: string,
  erasureId: string,
): Promise<CollectedTexts[]> {
  const rows = await erasures.listTexts(db, projectId, erasureId)
  const opened = await keys.byIds(
    db,
    projectId,
    rows.map(({ keyId }) => keyId),
  )
  return rows.map(({ id, keyId, body }) => {
    const collected = openBody(opened.get(keyId), projectId, `${erasureId} ${id}`, body) as CollectedTexts | undefined // written above
    if (collected === undefined) throw new AppError("server_error", `The texts of the erasure ${erasureId} cannot be decrypted.`)
    return collected
  })
}

/** Every string in the bodies of entries, and where the entries came from. */
export async function textsOf(
  { keys }: { keys: DataKeys },
  db: Queryable,
  projectId: string,
  entries: readonly Pick<ErasedEntry, "id" | "keyId" | "body">[],
): Promise<Map<string, string[]>> {
  const opened = await keys.byIds(
    db,
    projectId,
    entries.map(({ keyId }) => keyId),
  )
  return new Map(
    entries.map(({ id, keyId, body }) => {
      const value = openBody(opened.get(keyId), projectId, id, body)
      return [id, value === undefined ? [] : stringsIn(value as JsonValue)] // bodies are JSON
    }),
  )
}

function stringsIn(value: JsonValue): string[] {
  if (typeof value === "string") return [value]
  if (Array.isArray(value)) return value.flatMap(stringsIn)
  if (!isJsonObject(value)) return []
  return Object.values(value).flatMap((item) => (item === undefined ? [] : stringsIn(item)))
}

/** Where a kept text is the query itself. */
export const queryMark = "query"

export function queried({ name }: { name: string }): CollectedTexts {
  return { texts: [name], runIds: [queryMark], conversationIds: [] }
}
