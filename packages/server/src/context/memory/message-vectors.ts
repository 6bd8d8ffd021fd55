// Vectors of messages: each read inside its conversation, kept as text between the step that makes them and the one that writes them.
import type { DocumentKey, Queryable, Store } from "../../store/index.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import type { Reader } from "../retrieval/reader.ts"
import type { Caller } from "../types.ts"
import { vectorOfText, vectorText } from "../vector-text.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows, type Row } from "./entries.ts"
import { previousTexts } from "./previous.ts"

/** Plain JSON. */
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
