// From rows and declarations to experiments in memory, and which requests each takes part with.
import { hash } from "node:crypto"
import { experimentDefinitionSchema, type ExperimentDefinition } from "@perdure/contract"
import { canonicalJson, type JsonValue } from "../../core/index.ts"
import { experiments, experimentStates, type Queryable, type StoredExperiment, type StoredExperimentState } from "../../store/index.ts"
import type { DeclaredExperiment, HeldExperiment, HeldVariant } from "./types.ts"
import { sharesOf } from "./weights.ts"

/** What a project made over the API, and how all of its experiments stand. */
export interface ExperimentRows {
  readonly own: readonly StoredExperiment[]
  readonly states: readonly StoredExperimentState[]
}

export interface ProjectExperiments {
  readonly byName: ReadonlyMap<string, HeldExperiment>
  /** By the model that is asked for: `experiment/{name}`, and the names that an experiment has for its own. */
  readonly byModel: ReadonlyMap<string, HeldExperiment>
  readonly byPrompt: ReadonlyMap<string, HeldExperiment>
}

/** Models of this name are experiments. */
export const experimentPrefix = "experiment/"

export async function loadExperiments(db: Queryable, projectId: string): Promise<ExperimentRows> {
  const own = await experiments.experimentsOfProject(db, projectId)
  return { own, states: await experimentStates.statesOfProject(db, projectId) }
}

/** A declared one goes before one that was made over the API. */
export function projectExperiments(
  declared: readonly DeclaredExperiment[],
  { own, states }: ExperimentRows,
  parametersOf?: ParametersOf,
): ProjectExperiments {
  const stateOf = new Map(states.map((each) => [each.name, each]))
  const made = own.map(({ name, definition }) => ({ name, definition: experimentDefinitionSchema.parse(definition), origin: "api" })) // checked when it was stored
  const byName = new Map<string, HeldExperiment>()
  for (const each of [...declared, ...made])
    if (!byName.has(each.name)) byName.set(each.name, heldExperiment(each, stateOf.get(each.name), parametersOf))
  const byModel = new Map<string, HeldExperiment>()
  const byPrompt = new Map<string, HeldExperiment>()
  for (const held of byName.values()) {
    for (const model of [experimentPrefix + held.name, ...held.definition.models]) if (!byModel.has(model)) byModel.set(model, held)
    for (const prompt of held.definition.prompts) if (!byPrompt.has(prompt)) byPrompt.set(prompt, held)
  }
  return { byName, byModel, byPrompt }
}

/** What the configuration says of the parameters of a model; undefined where nothing. */
export type ParametersOf = (model: string) => JsonValue | undefined

export function heldExperiment(
  declared: DeclaredExperiment,
  state: StoredExperimentState | undefined,
  parametersOf: ParametersOf = () => undefined,
): HeldExperiment {
  const contents = Object.values(declared.definition.variants).map((given) => contentOf(given, parametersOf))
  return withContents(declared, state, contents)
}

/** The same experiment as it stands somewhere else. */
export function inState(held: HeldExperiment, state: StoredExperimentState | undefined): HeldExperiment {
  const contents = held.variants.map(({ content }) => content)
  return withContents(held, state, contents)
}

function withContents(
  { name, definition, origin }: DeclaredExperiment,
  state: StoredExperimentState | undefined,
  contents: readonly string[],
): HeldExperiment {
  const entries = Object.entries(definition.variants)
  const declared = sharesOf(entries.map(([, { weight }]) => weight))
  const basis = digest(entries.map(([variant, given], index) => [variant, contents[index] ?? "", given.weight]))
  const given = state?.basis === basis ? state.weights : null
  const current = given === null ? declared : sharesOf(entries.map(([variant]) => given[variant] ?? 0))
  const variants = entries.map(([variant, each], index): HeldVariant => {
    const weights = { declaredWeight: declared[index] ?? 0, weight: current[index] ?? 0 }
    return { name: variant, content: contents[index] ?? "", model: each.model, prompt: each.prompt, ...weights }
  })
  const { status = "running", winner = null } = state ?? {}
  const control = variants.find((each) => each.name === definition.control) ?? variants[0]
  // A winner that the configuration has no more is nobody's: the control is.
  const fixed = status === "running" ? undefined : (variants.find((each) => each.name === winner) ?? control)
  return { name, origin, definition, variants, basis, state: { status, winner }, fixed }
}

export function controlOf({ definition, variants }: HeldExperiment): HeldVariant | undefined {
  return variants.find(({ name }) => name === definition.control) ?? variants[0]
}

/** With other parameters a model answers otherwise. */
function contentOf({ model, prompt }: ExperimentDefinition["variants"][string], parametersOf: ParametersOf): string {
  const parameters = model === undefined ? undefined : parametersOf(model)
  return digest({ model: model ?? null, prompt: prompt ? { ...prompt } : null, ...(parameters === undefined ? {} : { parameters }) })
}

function digest(value: object): string {
  return hash("sha256", canonicalJson(JSON.parse(JSON.stringify(value)) as JsonValue)).slice(0, 12)
}
