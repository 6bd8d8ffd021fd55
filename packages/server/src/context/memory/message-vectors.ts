// Vectors of messages: each read inside its conversation, kept sealed between the step that makes them and the one that writes them.
import type { DocumentKey, Queryable, Store } from "../../store/index.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import type { Reader } from "../retrieval/reader.ts"
import type { Caller } from "../types.ts"
import { vectorOfText, vectorText } from "../vector-text.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows, type Row } from "./entries.ts"
import { openOutput, sealOutput } from "./jobs/sealed-output.ts"
import { previousTexts } from "./previous.ts"

/** As it stands in a run's log: under the key of the entry, so that erasing this takes it along. Plain JSON. */
export interface SealedVector {
  id: string
  sealed: string
}

export interface MessageVector {
  id: string
  /** Base64 of the numbers. */
  vector: string
  tokens: { asks: boolean; vectors: string } | null
}

export interface MessageReader {
  store: Pick<Store, "project">
  keys: DataKeys
  reader: Reader
}

/** Of those messages and derived statements that can be read; none where vectors are not kept. All are on the bill of `caller`. */
export async function readMessages(
  { store, keys, reader }: MessageReader,
  caller: Caller,
  rows: readonly Row[],
  signal: AbortSignal,
): Promise<MessageVector[]> {
  const db = store.project(caller.projectId)
  const entries = await readRows(keys, db, caller.projectId, rows)
  const passages: { id: string; text: string; previous: string | undefined }[] = []
  for (const [index, { id, versionId, text }] of entries.entries()) {
    if (text === null) continue
    const episode = rows[index]?.episode
    const [previous] = episode === undefined ? [] : await previousTexts(db, keys, caller.projectId, episode)
    passages.push({ id: versionId ?? id, text, previous })
  }
  const read = await reader.passages({ ...caller, isPatient: true }, passages, signal)
  return (read ?? []).map(({ vector, tokens }, index) => ({
    id: passages[index]?.id ?? "",
    vector: vectorText(vector),
    tokens: tokens === undefined ? null : { asks: tokens.asks, vectors: Buffer.from(tokens.vectors).toString("base64") },
  }))
}

/** `place` binds them to the step that made them. Those whose key is gone are left out. */
export async function sealVectors(
  keys: DataKeys,
  db: Queryable,
  { projectId, place }: { projectId: string; place: string },
  rows: readonly Row[],
  vectors: readonly MessageVector[],
): Promise<SealedVector[]> {
  const keyOf = await keysOfRows(keys, db, projectId, rows)
  return vectors.flatMap((vector) => {
    const key = keyOf.get(vector.id)
    return key === undefined ? [] : [{ id: vector.id, sealed: sealOutput(key, projectId, `${place} ${vector.id}`, vector) }]
  })
}

/** Of those rows that are there and whose key is. */
export async function openVectors(
  keys: DataKeys,
  db: Queryable,
  { projectId, place }: { projectId: string; place: string },
  rows: readonly Row[],
  sealed: readonly SealedVector[],
): Promise<Map<string, MessageVector>> {
  const keyOf = await keysOfRows(keys, db, projectId, rows)
  const opened = sealed.flatMap(({ id, sealed: text }) => {
    const vector = openOutput(keyOf.get(id), projectId, `${place} ${id}`, text) as MessageVector | undefined // sealed above
    return vector === undefined ? [] : [vector]
  })
  return new Map(opened.map((vector) => [vector.id, vector]))
}

async function keysOfRows(keys: DataKeys, db: Queryable, projectId: string, rows: readonly Row[]): Promise<Map<string, Uint8Array>> {
  const all = rows.map((row) => row.episode ?? row.version)
  const opened = await keys.byIds(
    db,
    projectId,
    all.map(({ keyId }) => keyId),
  )
  return new Map(
    all.flatMap(({ id, keyId }) => [[id, opened.get(keyId)] as const]).flatMap(([id, key]) => (key === undefined ? [] : [[id, key]])),
  )
}

export async function writeMessageVector(
  tx: Queryable,
  { index, embedModel: model }: { index: ScopeIndex; embedModel: string },
  place: DocumentKey,
  { vector, tokens }: MessageVector,
): Promise<void> {
  const key = { ...place, model }
  await index.indexVectors(tx, key, [{ part: 0, piece: 0, vector: vectorOfText(vector) }])
  if (tokens === null) return
  const vectors = new Int8Array(Buffer.from(tokens.vectors, "base64"))
  await index.indexTokens(tx, key, [{ part: 0, asks: tokens.asks, vectors }])
}
