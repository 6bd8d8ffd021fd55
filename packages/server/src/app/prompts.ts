// Prompts, experiments and routing rules, constructed over the store: what projects made over the API is kept in memory beside what the configuration declares.
import type { Config } from "../config/index.ts"
import { AppError, type JsonValue } from "../core/index.ts"
import {
  createExperiments,
  createPrompts,
  createRoutingRules,
  loadExperiments,
  loadPrompts,
  noName,
  ProjectFacts,
  Sampler,
  type ExperimentRows,
  type Experiments,
  type Model,
  type Models,
  type Prompts,
  type ProjectPrompts,
  type RoutingRules,
} from "../inference/index.ts"
import type { Store } from "../store/index.ts"
import type { Shared } from "./services.ts"

export interface ComposedPrompts {
  prompts: Prompts
  experiments: Experiments
  shaping: { prompts: Prompts; experiments: Experiments; rules: RoutingRules }
  /** Checks what another configuration declares; what it returns puts it into force. */
  prepare(config: Declared): () => void
}

type Declared = Pick<Config, "prompts" | "experiments" | "routingRules">

interface Facts {
  prompts: ProjectPrompts
  experiments: ExperimentRows
}

export async function composePrompts(
  shared: Shared,
  config: Declared,
  { store, models }: { store: Store; models: Pick<Models, "require" | "get"> },
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
    parametersOf: (model) => parametersOf(models.get(model)),
    checkVariants: (projectId, { variants }) => {
      for (const [name, { model, prompt }] of Object.entries(variants)) {
        if (model !== undefined) requireVariantModel(models, name, model)
        const version = prompt?.version === undefined ? prompt?.label : String(prompt.version)
        if (prompt) prompts.version(projectId, prompt.id, version, `variants.${name}.prompt`)
      }
    },
  })
  const rules = createRoutingRules(config.routingRules, (asked) => models.get(asked)?.name ?? asked)
  let inForce = config
  const areAny = (): boolean =>
    inForce.experiments.length > 0 || own.all().some((facts) => facts.experiments.own.length > 0 || facts.experiments.states.length > 0)
  cleanUps.use(new Sampler({ ...shared, store, experiments, areAny }))
  const prepare = (next: Declared): (() => void) => {
    const [declarePrompts, declareExperiments] = [prompts.prepare(next.prompts), experiments.prepare(next.experiments)]
    return () => {
      inForce = next
      declarePrompts()
      declareExperiments()
      rules.replace(next.routingRules)
    }
  }
  return { prompts, experiments, shaping: { prompts, experiments, rules }, prepare }
}

/** Says which variant it is that has it. */
function requireVariantModel(models: Pick<Models, "require">, variant: string, model: string): void {
  try {
    models.require(model, "chat", noName)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    throw new AppError(error.code, error.message, { param: `variants.${variant}.model`, cause: error, ...hint })
  }
}

/** Of all its deployments. */
function parametersOf(model: Model | undefined): JsonValue | undefined {
  if (!model?.deployments.some(({ parameters }) => parameters !== undefined)) return undefined
  return model.deployments.map(({ parameters }) => (parameters ? { ...parameters } : null))
}
