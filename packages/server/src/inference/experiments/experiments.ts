// The experiments of each project: found in memory, begun, paused, promoted and deleted in the database, each change with its reason.
import {
  experimentDefinitionSchema,
  experimentProblem,
  type ExperimentCreateRequest,
  type ExperimentDefinition,
  type ExperimentPromoteRequest,
  type ExperimentUpdateRequest,
} from "@perdure/contract"
import { AppError, type JsonObject, type Limits } from "../../core/index.ts"
import { experimentLog, experiments, experimentStates, type Queryable, type Store, type StoredExperimentState } from "../../store/index.ts"
import { assign } from "./assign.ts"
import { heldExperiment, inState, projectExperiments, type ExperimentRows, type ParametersOf, type ProjectExperiments } from "./held.ts"
import type { Asker, Assigned, DeclaredExperiment, HeldExperiment } from "./types.ts"
import { sharesOf } from "./weights.ts"

export interface ExperimentsOptions {
  store: Pick<Store, "project">
  declared: readonly DeclaredExperiment[]
  own: {
    get(projectId: string): { experiments: ExperimentRows } | undefined
    refresh(projectId: string): Promise<void>
  }
  /** Throws where a variant's model or prompt leads nowhere. */
  checkVariants: (projectId: string, definition: ExperimentDefinition) => void
  /** What is known of a variant holds for these of its model. */
  parametersOf?: ParametersOf
  limits: Pick<Limits, "experimentsPerProjectMax">
}

export interface Experiments {
  /** The one that requests for this model take part in. */
  ofModel(projectId: string, model: string): HeldExperiment | undefined
  ofPrompt(projectId: string, prompt: string): HeldExperiment | undefined
  assign(experiment: HeldExperiment, asker: Asker): Assigned | undefined
  list(projectId: string): HeldExperiment[]
  find(projectId: string, name: string): HeldExperiment | undefined
  get(projectId: string, name: string): HeldExperiment
  create(projectId: string, principal: string, request: ExperimentCreateRequest): Promise<HeldExperiment>
  update(projectId: string, principal: string, name: string, request: ExperimentUpdateRequest): Promise<HeldExperiment>
  promote(projectId: string, principal: string, name: string, request: ExperimentPromoteRequest): Promise<HeldExperiment>
  remove(projectId: string, name: string): Promise<void>
  /** Takes what the configuration declares; what it returns puts it into force. */
  prepare(declared: readonly DeclaredExperiment[]): () => void
}

export function createExperiments(options: ExperimentsOptions): Experiments {
  const { own, store } = options
  const held = new HeldByProject(options)
  const of = (projectId: string): ProjectExperiments => held.of(projectId)
  const get = (projectId: string, name: string): HeldExperiment => {
    const experiment = of(projectId).byName.get(name)
    if (!experiment) throw unknownExperiment(name, [...of(projectId).byName.keys()])
    return experiment
  }
  const change = async (
    projectId: string,
    name: string,
    work: (tx: Queryable, held: HeldExperiment) => Promise<void>,
  ): Promise<HeldExperiment> => {
    const before = get(projectId, name)
    await store.project(projectId).transaction(async (tx) => {
      // As it is in the database: another process may have changed it a moment ago.
      const state = await experimentStates.lockState(tx, projectId, name, before.basis)
      await work(tx, inState(before, state))
    })
    await own.refresh(projectId)
    return get(projectId, name)
  }
  return {
    ofModel: (projectId, model) => of(projectId).byModel.get(model),
    ofPrompt: (projectId, prompt) => of(projectId).byPrompt.get(prompt),
    assign,
    list: (projectId) => [...of(projectId).byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    find: (projectId, name) => of(projectId).byName.get(name),
    get,
    async create(projectId, principal, { name, ...given }) {
      const definition = withControl(checkedDefinition(experimentDefinitionSchema.parse(given)))
      requireFree(of(projectId), name, definition)
      options.checkVariants(projectId, definition)
      await store.project(projectId).transaction((tx) => insert(tx, options, { projectId, principal, name, definition }))
      await own.refresh(projectId)
      return get(projectId, name)
    },
    update: (projectId, principal, name, request) =>
      change(projectId, name, (tx, before) => updated(tx, { projectId, principal, before, request })),
    promote: (projectId, principal, name, { variant, reason }) =>
      change(projectId, name, async (tx, before) => {
        requireVariants(before, [variant], "variant")
        await experimentStates.putState(tx, projectId, { ...stateOf(before), status: "promoted", winner: variant })
        const text = `${variant} is everybody's from now on${reason === undefined ? "" : `: ${reason}`}`
        await experimentLog.addEntry(tx, projectId, name, {
          ...entry(principal, before),
          kind: "promoted",
          reason: text,
          after: { [variant]: 1 },
        })
      }),
    async remove(projectId, name) {
      const { origin } = get(projectId, name)
      if (origin !== "api") throw declaredElsewhere(name, origin)
      await store.project(projectId).transaction((tx) => experiments.removeExperiment(tx, projectId, name))
      await own.refresh(projectId)
    },
    prepare: (declared) => () => held.declare(declared),
  }
}

/** Put together when they are asked for after a change; projects that made nothing share what is declared. */
class HeldByProject {
  readonly #own: ExperimentsOptions["own"]
  readonly #parametersOf: ParametersOf | undefined
  #declared: readonly DeclaredExperiment[]
  #shared: ProjectExperiments
  #of = new WeakMap<ExperimentRows, ProjectExperiments>()

  constructor({ own, declared, parametersOf }: ExperimentsOptions) {
    this.#own = own
    this.#parametersOf = parametersOf
    this.#declared = declared
    this.#shared = projectExperiments(declared, { own: [], states: [] }, this.#parametersOf)
  }

  of(projectId: string): ProjectExperiments {
    const rows = this.#own.get(projectId)?.experiments
    if (!rows) return this.#shared
    const known = this.#of.get(rows)
    if (known) return known
    const made = projectExperiments(this.#declared, rows, this.#parametersOf)
    this.#of.set(rows, made)
    return made
  }

  declare(declared: readonly DeclaredExperiment[]): void {
    this.#declared = declared
    this.#shared = projectExperiments(declared, { own: [], states: [] }, this.#parametersOf)
    this.#of = new WeakMap()
  }
}

interface NewExperiment {
  projectId: string
  principal: string
  name: string
  definition: ExperimentDefinition
}

async function insert(
  tx: Queryable,
  { limits, parametersOf }: ExperimentsOptions,
  { projectId, principal, name, definition }: NewExperiment,
): Promise<void> {
  const { experimentsPerProjectMax } = limits
  if ((await experiments.countExperiments(tx, projectId)) >= experimentsPerProjectMax)
    throw new AppError("invalid_request", `the project has ${experimentsPerProjectMax} experiments, which is the most`, {
      hint: 'Delete some, or raise the limit "experimentsPerProjectMax" in the configuration.',
    })
  const row = { name, definition: definition as unknown as JsonObject, createdBy: principal } // plain JSON by its schema
  if (!(await experiments.insertExperiment(tx, projectId, row))) throw taken("name", `there is an experiment "${name}"`)
  const made = heldExperiment({ name, definition, origin: "api" }, undefined, parametersOf)
  await experimentStates.putState(tx, projectId, stateOf(made))
  const after = weightsOf(made)
  await experimentLog.addEntry(tx, projectId, name, {
    ...entry(principal, made),
    kind: "created",
    reason: "It begins",
    before: null,
    after,
  })
}

async function updated(
  tx: Queryable,
  {
    projectId,
    principal,
    before,
    request,
  }: { projectId: string; principal: string; before: HeldExperiment; request: ExperimentUpdateRequest },
): Promise<void> {
  const { name, origin, definition } = before
  const { status, weights, reason } = request
  const because = reason === undefined ? "" : `: ${reason}`
  let after = stateOf(before)
  if (weights !== undefined) {
    if (origin !== "api" && !definition.sampling) throw declaredElsewhere(name, origin)
    after = { ...after, weights: givenWeights(before, weights) }
    const logged = {
      ...entry(principal, before),
      kind: "changed",
      reason: `Somebody set the weights${because}`,
      after: { ...after.weights },
    }
    await experimentLog.addEntry(tx, projectId, name, logged)
  }
  if (status !== undefined && status !== before.state.status) {
    after = { ...after, status, winner: null }
    const kind = status === "paused" ? "paused" : "resumed"
    const text = `${kind === "paused" ? "Everybody gets the control for now" : "Requests are divided again"}${because}`
    await experimentLog.addEntry(tx, projectId, name, { ...entry(principal, before), kind, reason: text, after: { ...after.weights } })
  }
  await experimentStates.putState(tx, projectId, after)
}

function givenWeights(before: HeldExperiment, given: Readonly<Record<string, number>>): Record<string, number> {
  requireVariants(before, Object.keys(given), "weights")
  const missing = before.variants.find(({ name }) => given[name] === undefined)
  if (missing)
    throw new AppError("invalid_request", `"weights" has none for "${missing.name}"`, {
      param: "weights",
      hint: "Give one for each variant.",
    })
  if (!Object.values(given).some((weight) => weight > 0))
    throw new AppError("invalid_request", '"weights" has none above 0', { param: "weights" })
  const shares = sharesOf(before.variants.map(({ name }) => given[name] ?? 0))
  return Object.fromEntries(before.variants.map(({ name }, index) => [name, shares[index] ?? 0]))
}

export function weightsOf({ variants }: HeldExperiment): Record<string, number> {
  return Object.fromEntries(variants.map(({ name, weight }) => [name, weight]))
}

function stateOf(held: HeldExperiment): Omit<StoredExperimentState, "sampledAt"> {
  const { name, basis, state } = held
  return { name, status: state.status, winner: state.winner, weights: weightsOf(held), basis }
}

function entry(principal: string, before: HeldExperiment): { principal: string; before: JsonObject; posterior: null } {
  return { principal, before: weightsOf(before), posterior: null }
}

function requireVariants({ name, variants }: HeldExperiment, wanted: readonly string[], param: string): void {
  const unknown = wanted.find((each) => !variants.some((variant) => variant.name === each))
  if (unknown === undefined) return
  const hint = `It has ${variants.map((each) => each.name).join(", ")}.`
  throw new AppError("invalid_request", `the experiment "${name}" has no variant "${unknown.slice(0, 64)}"`, { param, hint })
}

function checkedDefinition(definition: ExperimentDefinition): ExperimentDefinition {
  const problem = experimentProblem(definition)
  if (!problem) return definition
  const param = problem.path.join(".")
  throw new AppError("invalid_request", `"${param}" ${problem.message}`, { param })
}

/** The first variant, by its name: the database keeps members in an order of its own. */
function withControl(definition: ExperimentDefinition): ExperimentDefinition {
  const [first] = Object.keys(definition.variants)
  return first === undefined || definition.control !== undefined ? definition : { ...definition, control: first }
}

/** A name leads to one experiment. */
function requireFree({ byName, byModel, byPrompt }: ProjectExperiments, name: string, { models, prompts }: ExperimentDefinition): void {
  const other = byName.get(name)
  if (other) throw other.origin === "api" ? taken("name", `there is an experiment "${name}"`) : declaredElsewhere(name, other.origin)
  const model = models.find((each) => byModel.has(each))
  if (model !== undefined) throw taken("models", `"${model}" takes part in the experiment "${byModel.get(model)?.name}"`)
  const prompt = prompts.find((each) => byPrompt.has(each))
  if (prompt !== undefined) throw taken("prompts", `"${prompt}" takes part in the experiment "${byPrompt.get(prompt)?.name}"`)
}

function taken(param: string, message: string): AppError {
  return new AppError("conflict", message, { param, hint: "Take another name, or delete that one first." })
}

function declaredElsewhere(name: string, origin: string): AppError {
  return new AppError("conflict", `the experiment "${name}" is declared in ${origin}`, {
    param: "name",
    hint: "Change it there; over the API it can be paused, resumed and promoted.",
  })
}

function unknownExperiment(name: string, known: readonly string[]): AppError {
  return new AppError("not_found", `there is no experiment "${name.slice(0, 64)}"`, {
    param: "name",
    hint: known.length === 0 ? "There are none yet: POST /v1/experiments begins one." : `There are: ${known.slice(0, 20).join(", ")}.`,
  })
}
