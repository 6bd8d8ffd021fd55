// The entities that a fact speaks of: known ones by name, nearly the same letters or nearly the same meaning; new ones are made.
import { memoryEntities, memoryMentions, type Queryable } from "../../../store/index.ts"
import { sealBody } from "../bodies.ts"
import type { DataKey } from "../data-keys.ts"
import { hashName, resolveName } from "./names.ts"
import { normalName } from "./types.ts"
import type { Job } from "./work.ts"

export interface Spoken {
  episodeId: string
  /** Null where no memory came of it. */
  memoryId: string | null
  subject: string
  names: readonly string[]
}

/** Notes who is spoken of in a message and in the memory that came of it. Both are there, and stay: whoever would delete them waits for the scope. */
export async function noteEntities(
  job: Pick<Job, "projectId" | "scope" | "newId" | "clock">,
  tx: Queryable,
  key: DataKey,
  spoken: readonly Spoken[],
): Promise<void> {
  const { projectId } = job
  const found = new Map<string, string>()
  for (const { subject, names } of spoken) {
    for (const name of [subject, ...names]) {
      const normal = normalName(name)
      if (normal !== "" && !found.has(normal)) found.set(normal, await entityOf(job, tx, key, name))
    }
  }
  const mentions = spoken.flatMap(({ episodeId, memoryId, subject, names }) =>
    [...new Set([subject, ...names].map(normalName))].flatMap((normal) => {
      const entityId = found.get(normal)
      if (entityId === undefined) return []
      const isSubject = normal === normalName(subject)
      const ofMemory = memoryId === null ? [] : [{ entityId, episodeId: null, memoryId, isSubject }]
      // "user" is in everything that a user says.
      return normal === "user" ? ofMemory : [...ofMemory, { entityId, episodeId, memoryId: null, isSubject }]
    }),
  )
  await memoryMentions.insertMentions(tx, projectId, mentions)
}

async function entityOf(
  { projectId, scope, newId, clock }: Pick<Job, "projectId" | "scope" | "newId" | "clock">,
  tx: Queryable,
  key: DataKey,
  name: string,
): Promise<string> {
  const hashed = hashName(key.bytes, name)
  const known = await memoryEntities.namesLike(tx, projectId, scope, [hashed.hash], hashed.trigrams)
  const found = resolveName(hashed, known)
  const entityId = found ?? newId("ent")
  if (found === undefined) {
    const body = sealBody(key.bytes, projectId, entityId, { name })
    await memoryEntities.insertEntity(tx, projectId, { id: entityId, scope, keyId: key.id, body, createdAt: clock.now() })
  }
  await memoryEntities.insertEntityName(tx, projectId, scope, { entityId, hash: hashed.hash, trigrams: [...hashed.trigrams] })
  return entityId
}
