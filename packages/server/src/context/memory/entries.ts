// Entries as callers see them, read from rows whose bodies are encrypted.
import type { JsonObject } from "../../core/index.ts"
import type { Label } from "../../security/index.ts"
import { episodes, memoryVersions, type Queryable, type StoredEpisode, type StoredVersion } from "../../store/index.ts"
import { openBody } from "./bodies.ts"
import type { DataKeys } from "./data-keys.ts"
import type { Entry } from "./types.ts"

export interface EpisodeBody {
  text: string
  speaker?: string
  metadata?: JsonObject
}

export interface VersionBody {
  text: string
  data?: JsonObject
  slot?: string
}

/** A row that an id of the index or of a caller leads to. */
export type Row = { episode: StoredEpisode; version?: undefined } | { version: StoredVersion; episode?: undefined }

/** Rows by episode id or version id; ids that are neither are left out. */
export async function rowsByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>()
  if (ids.length === 0) return rows
  for (const episode of await episodes.episodesByIds(db, projectId, ids)) rows.set(episode.id, { episode })
  const others = ids.filter((id) => !rows.has(id))
  if (others.length === 0) return rows
  for (const version of await memoryVersions.versionsByIds(db, projectId, others)) rows.set(version.id, { version })
  return rows
}

/** What the rows say, in their order. */
export async function readRows(keys: DataKeys, db: Queryable, projectId: string, rows: readonly Row[]): Promise<Entry[]> {
  return (await sealedEntries(keys, db, projectId, rows)).map((entry) => ({ ...entry }))
}

/** The same, but each is opened when its text or what lies with it is first asked for: of many candidates few are told. */
export async function sealedEntries(keys: DataKeys, db: Queryable, projectId: string, rows: readonly Row[]): Promise<Entry[]> {
  const opened = await keys.byIds(
    db,
    projectId,
    rows.map((row) => (row.episode ?? row.version).keyId),
  )
  return rows.map(({ episode, version }) => {
    const { keyId, id, body } = episode ?? version
    const open = once(() => openBody(opened.get(keyId), projectId, id, body))
    return episode === undefined
      ? entryOfVersion(version, open as Opening<VersionBody>)
      : entryOfEpisode(episode, open as Opening<EpisodeBody>)
  })
}

/** What is sealed in a row; undefined where it cannot be read. */
type Opening<Body> = () => Body | undefined

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function entryOfEpisode(row: StoredEpisode, body: Opening<EpisodeBody>): Entry {
  const {
    id,
    scope,
    lane,
    session,
    conversationId,
    directive,
    sourceId,
    principal,
    runId,
    validFrom,
    validTo,
    occurredAt,
    expiredAt,
    endedBy,
  } = row
  return {
    id,
    scope,
    lane,
    session,
    conversationId,
    directive,
    sourceId,
    principal,
    runId,
    validFrom,
    validTo,
    occurredAt,
    expiredAt,
    endedBy,
    kind: "episode",
    versionId: null,
    get text() {
      return body()?.text ?? null
    },
    get metadata() {
      return body()?.metadata ?? {}
    },
    data: null,
    slot: null,
    pinned: row.pinnedAt !== null,
    get speaker() {
      return body()?.speaker ?? null
    },
    label: row.label as unknown as Label, // written by us from a Label
    confidence: null,
    salience: null,
    createdAt: row.recordedAt,
    op: null,
    supersedes: null,
  }
}

function entryOfVersion(row: StoredVersion, body: Opening<VersionBody>): Entry {
  const { scope, kind, directive, principal, runId, confidence, salience, validFrom, validTo, expiredAt, endedBy, op, supersedes } = row
  return {
    scope,
    kind,
    directive,
    principal,
    runId,
    confidence,
    salience,
    validFrom,
    validTo,
    expiredAt,
    endedBy,
    op,
    supersedes,
    id: row.memoryId,
    versionId: row.id,
    lane: laneOfKind(kind),
    get text() {
      return body()?.text ?? null
    },
    metadata: {},
    get data() {
      return body()?.data ?? null
    },
    get slot() {
      return body()?.slot ?? null
    },
    pinned: row.pinnedAt !== null,
    speaker: null,
    session: null,
    conversationId: null,
    label: row.label as unknown as Label, // written by us from a Label
    sourceId: null,
    occurredAt: null,
    createdAt: row.recordedAt,
  }
}

export function laneOfKind(kind: StoredVersion["kind"]): "fact" | "summary" {
  return kind === "summary" || kind === "timeline" || kind === "profile" || kind === "reflection" ? "summary" : "fact"
}
