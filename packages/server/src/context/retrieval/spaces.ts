// Spaces: vectors of one model with one set of weights. How they are fused in a project, and what becomes of them when the model or its weights change.
import type { Clock } from "../../core/index.ts"
import { spaces, type Queryable, type Store } from "../../store/index.ts"
import { fusionOf, type Fusion } from "./weights.ts"

export interface Space {
  model: string
  /** SHA-256 of the weights; null where nobody knows them, as of a provider's model. */
  weightsHash: string | null
}

const hashCharacters = 12

/** Stands at every vector: only those of the same name are compared. */
export function spaceName({ model, weightsHash }: Space): string {
  return weightsHash === null ? model : `${model}@${weightsHash.slice(0, hashCharacters)}`
}

/** The fusion of a project's space: as it was fitted there, else as it ships. */
export async function fusionIn(db: Queryable, projectId: string, space: string): Promise<Fusion> {
  const found = await spaces.findSpace(db, projectId, space)
  return found === undefined ? fusionOf(space) : (found.fusion as unknown as Fusion) // written by fit-space.ts
}

/** Resolves when the project's vectors are known to be of the space in use, or are queued to be made anew; after the first time at once. */
export type FollowSpace = (projectId: string) => Promise<void>

/** What has no vector of this space yet is found by its words. */
export function createSpaceFollower({ store, clock }: { store: Store; clock: Clock }, space: string): FollowSpace {
  const followed = new Map<string, Promise<void>>()
  const follow = (projectId: string): Promise<void> =>
    store.project(projectId).transaction(async (tx) => {
      const before = await spaces.useSpace(tx, projectId, space, clock.now())
      if (before !== undefined && before !== space) await spaces.embedAnew(tx, projectId, space)
    })
  return (projectId) => {
    const known = followed.get(projectId)
    if (known !== undefined) return known
    const following = follow(projectId).catch((error: unknown) => {
      followed.delete(projectId)
      throw error
    })
    followed.set(projectId, following)
    return following
  }
}

/** Where no vectors are kept. */
export const followNothing: FollowSpace = () => Promise.resolve()
