// The fusion of a project's space: as it was fitted there, else as it ships.
import { spaces, type Queryable } from "../../store/index.ts"
import { fusionOf, type Fusion } from "./weights.ts"

export async function fusionIn(db: Queryable, projectId: string, model: string): Promise<Fusion> {
  const space = await spaces.findSpace(db, projectId, model)
  return space === undefined ? fusionOf(model) : (space.fusion as unknown as Fusion) // written by fit-space.ts
}
