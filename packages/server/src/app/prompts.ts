// Prompts and experiments, constructed over the store: what projects made over the API is kept in memory beside what the configuration declares.
import type { Config } from "../config/index.ts"
import {
  createExperiments,
  createPrompts,
  loadExperiments,
  loadPrompts,
  ProjectFacts,
  Sampler,
  type ExperimentRows,
  type Experiments,
  type Models,
  type Prompts,
  type ProjectPrompts,
} from "../inference/index.ts"
import type { Store } from "../store/index.ts"
import type { Shared } from "./services.ts"

export interface ComposedPrompts {
  prompts: Prompts
  experiments: Experiments
  shaping: { prompts: Prompts; experiments: Experiments }
}

interface Facts {
  prompts: ProjectPrompts
  experiments: ExperimentRows
}

export async function composePrompts(
  shared: Shared,
  config: Pick<Config, "prompts" | "experiments">,
  { store, models }: { store: Store; models: Pick<Models, "require"> },
  cleanUps: AsyncDisposableStack,
): Promise<ComposedPrompts> {
  const load = async (...from: Parameters<typeof loadPrompts>): Promise<Facts> => {
    return { prompts: await loadPrompts(...from), experiments: await loadExperiments(...from) }
  }
  const own = cleanUps.use(new ProjectFacts<Facts>({ ...shared, store, load }))
  await own.start()
  const prompts = createPrompts({ ...shared, store, own, declared: config.prompts })
  const experiments = createExperiments({
    ...shared,
    store,
    own,
    declared: config.experiments,
    checkVariants: (projectId, { variants }) => {
      for (const [name, { model, prompt }] of Object.entries(variants)) {
        if (model !== undefined) models.require(model, "chat")
        const version = prompt?.version === undefined ? prompt?.label : String(prompt.version)
        if (prompt) prompts.version(projectId, prompt.id, version, `variants.${name}.prompt`)
      }
    },
  })
  const areAny = (): boolean =>
    config.experiments.length > 0 || own.all().some((facts) => facts.experiments.own.length > 0 || facts.experiments.states.length > 0)
  cleanUps.use(new Sampler({ ...shared, store, experiments, areAny }))
  return { prompts, experiments, shaping: { prompts, experiments } }
}
