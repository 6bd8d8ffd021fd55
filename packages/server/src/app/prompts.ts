// Prompts, constructed over the store: what projects made over the API is kept in memory beside what the configuration declares.
import type { Config } from "../config/index.ts"
import { createPrompts, loadPrompts, ProjectFacts, type Prompts, type ProjectPrompts } from "../inference/index.ts"
import type { Store } from "../store/index.ts"
import type { Shared } from "./services.ts"

export interface ComposedPrompts {
  prompts: Prompts
  shaping: { prompts: Prompts }
}

export async function composePrompts(
  shared: Shared,
  config: Pick<Config, "prompts">,
  { store }: { store: Store },
  cleanUps: AsyncDisposableStack,
): Promise<ComposedPrompts> {
  const own = cleanUps.use(
    new ProjectFacts<{ prompts: ProjectPrompts }>({
      ...shared,
      store,
      load: async (db, projectId) => ({ prompts: await loadPrompts(db, projectId) }),
    }),
  )
  await own.start()
  const prompts = createPrompts({ ...shared, store, own, declared: config.prompts })
  return { prompts, shaping: { prompts } }
}
