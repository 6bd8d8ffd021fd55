// Carries the flat statements of before over into memory: once for each project, when it is first used after the upgrade.
import type { Label } from "../../security/index.ts"
import { episodes, flatMemories, scopes, sources, type FlatMemory, type Queryable } from "../../store/index.ts"
import type { JsonObject } from "../../core/index.ts"
import { estimateTokens } from "../documents/tokens.ts"
import { countTerms } from "../retrieval/analyze.ts"
import { parseScope, type ScopeName } from "../scopes/scope-name.ts"
import { sealBody } from "./bodies.ts"
import { contentHash, subjectOfScope, type DataKey } from "./data-keys.ts"
import { memoryScopeId } from "./index-scopes.ts"
import type { RememberDependencies } from "./remember.ts"

const batchRows = 100

export async function carryOver(dependencies: RememberDependencies, projectId: string): Promise<void> {
  const { store, keys } = dependencies
  const db = store.project(projectId)
  while (await flatMemories.hasFlatMemories(db, projectId)) {
    await db.transaction(async (tx) => {
      const rows = await flatMemories.takeFlatMemories(tx, projectId, batchRows)
      const made = new Map<string, DataKey>()
      for (const row of rows) {
        const scope = scopeOf(row.scope)
        const key = made.get(scope.path) ?? (await keys.within(tx, projectId, subjectOfScope(scope.path)))
        made.set(scope.path, key)
        await carryOne(dependencies, tx, projectId, row, scope, key)
      }
    })
  }
}

/** Names were free before; one that is no scope now becomes the name of an application. */
function scopeOf(text: string): ScopeName {
  for (const candidate of [text, `application:${text.replaceAll("/", "|").trim()}`]) {
    try {
      return parseScope(candidate)
    } catch {
      // tried the other way
    }
  }
  return parseScope("application:unnamed")
}

async function carryOne(
  { index, newId }: RememberDependencies,
  tx: Queryable,
  projectId: string,
  row: FlatMemory,
  scope: ScopeName,
  key: DataKey,
): Promise<void> {
  const label = row.label as unknown as Label // written by us from a Label
  await scopes.ensureScope(tx, projectId, { ...scope, createdAt: row.createdAt })
  const id = newId("src")
  const sourceId = await sources.ensureSource(tx, projectId, {
    id,
    kind: "import",
    principal: row.principal,
    scope: scope.path,
    keyId: key.id,
    identity: contentHash(key, ["source", "import", row.principal, null, label.integrity]),
    body: sealBody(key.bytes, projectId, id, { uri: null, title: "statements from before memory had sources" }),
    runId: null,
    label: row.label,
    integrity: label.integrity,
    createdAt: row.createdAt,
  })
  const { frequencies, length } = countTerms(row.text)
  const entry = { projectId, scopeId: memoryScopeId(scope.path), documentId: row.id }
  await index.removeEntry(tx, { ...entry, scopeId: memoryScopeId(row.scope) })
  const written = await episodes.insertEpisode(tx, projectId, {
    id: row.id,
    scope: scope.path,
    sourceId,
    conversationId: null,
    itemId: null,
    session: null,
    lane: "user",
    keyId: key.id,
    body: sealBody(key.bytes, projectId, row.id, { text: row.text, metadata: row.metadata as JsonObject }), // JSON by its column
    contentHash: contentHash(key, ["user", null, row.text, row.validFrom, row.validTo]),
    tokens: estimateTokens(row.text),
    occurredAt: row.createdAt,
    recordedAt: row.createdAt,
    validFrom: row.validFrom,
    validTo: row.validTo,
    expiredAt: null,
    endedBy: null,
    label: row.label,
    integrity: label.integrity,
    directive: false,
    recalledFrom: [],
    principal: row.principal,
    runId: row.runId,
    upkeptAt: null,
  })
  if (written) await index.indexEntry(tx, { ...entry, lane: "user", parts: [{ terms: frequencies, length }] })
}
