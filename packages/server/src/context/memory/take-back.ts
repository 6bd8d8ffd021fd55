// Takes evidence back with all that rests on it alone: what was derived of it falls, what that had replaced is believed again.
import {
  derivations,
  episodeParents,
  episodes,
  memoryVersions,
  type FallenVersion,
  type Queryable,
  type StoredVersion,
} from "../../store/index.ts"
import { sealBody } from "./bodies.ts"
import type { FactDependencies } from "./assert-fact.ts"
import { subjectOfScope } from "./data-keys.ts"
import { readRows, type VersionBody } from "./entries.ts"
import type { IndexChanges } from "./index-changes.ts"

export interface Fallen {
  /** Versions that are told of no more. */
  fallen: FallenVersion[]
  /** Versions that say again what those had replaced. */
  restored: StoredVersion[]
  /** Episodes that were said with any of it before the model. */
  answers: string[]
}

/** `redact`: what falls loses its text too. `withAnswers`: what a model said with any of it goes too, since nobody can tell what it took from where. */
export interface TakingBack {
  by: "revoke" | "redact"
  now: number
  integrity: number
  withAnswers?: boolean
}

/** The parents have ended already. Those that fall are taken out of the index by upkeep: recalls leave them out from now on. */
export async function fallWith(
  dependencies: FactDependencies,
  tx: Queryable,
  projectId: string,
  parents: readonly string[],
  taking: TakingBack,
  index: IndexChanges,
): Promise<Fallen> {
  const fallen: FallenVersion[] = []
  const answers: string[] = []
  for (let gone = [...parents]; gone.length > 0;) {
    const falling = await memoryVersions.fallenOf(tx, projectId, gone, taking.by === "redact")
    const said = taking.withAnswers === true ? await episodeParents.liveAnswersWith(tx, projectId, gone) : []
    gone = falling.map(({ id }) => id)
    if (gone.length > 0) await memoryVersions.endVersions(tx, projectId, gone, taking)
    if (said.length > 0) await episodes.endEpisodes(tx, projectId, said, taking)
    fallen.push(...falling)
    answers.push(...said)
    gone.push(...said)
  }
  return { fallen, answers, restored: await restore(dependencies, tx, projectId, fallen, index) }
}

/** What was believed before those heads is believed again, as new versions: what was known when stays as it was. */
async function restore(
  dependencies: FactDependencies,
  tx: Queryable,
  projectId: string,
  fallen: readonly FallenVersion[],
  index: IndexChanges,
): Promise<StoredVersion[]> {
  const headless = [...new Set(fallen.filter(({ head }) => head).map(({ memoryId }) => memoryId))]
  if (headless.length === 0) return []
  const restored: StoredVersion[] = []
  for (const before of await memoryVersions.predecessorsOf(tx, projectId, headless)) {
    const version = await again(dependencies, tx, projectId, before, index)
    if (version !== undefined) restored.push(version)
  }
  return restored
}

async function again(
  { keys, clock, newId }: FactDependencies,
  tx: Queryable,
  projectId: string,
  before: StoredVersion,
  index: IndexChanges,
): Promise<StoredVersion | undefined> {
  const [entry] = await readRows(keys, tx, projectId, [{ version: before }])
  if (entry === undefined || entry.text === null) return undefined
  const key = await keys.held(tx, projectId, subjectOfScope(before.scope))
  const id = newId("ver")
  const { text, data, slot } = entry
  const body: VersionBody = { text, ...(data === null ? {} : { data }), ...(slot === null ? {} : { slot }) }
  const version: StoredVersion = {
    ...before,
    id,
    keyId: key.id,
    body: sealBody(key.bytes, projectId, id, body),
    recordedAt: clock.now(),
    head: true,
    op: "assert",
    supersedes: null,
    expiredAt: null,
    endedBy: null,
    replacedFrom: null,
    endedIntegrity: null,
  }
  await memoryVersions.insertVersion(tx, projectId, version)
  const parents = await derivations.parentsOf(tx, projectId, [before.id])
  await derivations.insertDerivations(
    tx,
    projectId,
    parents.map((parent) => ({ ...parent, child: id })),
  )
  index.add(projectId, version, text)
  return version
}
