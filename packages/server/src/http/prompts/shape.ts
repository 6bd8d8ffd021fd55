// What a request becomes before it is read: the variant of an experiment, and its prompt filled in. What was chosen is told in headers and kept with the run.
import { AppError, isJsonObject, type JsonObject } from "../../core/index.ts"
import {
  experimentPrefix,
  type Assigned,
  type Experiments,
  type HeldExperiment,
  type Prompts,
  type PromptReference,
  type RenderedPrompt,
  type RoutingRules,
} from "../../inference/index.ts"
import { requireModel } from "../../security/index.ts"
import { namedReference, type AskedPrompt } from "./request-prompt.ts"
import { askerOf, type Asking } from "./request-subject.ts"

export interface RequestShaping {
  prompts: Pick<Prompts, "render">
  experiments: Pick<Experiments, "ofModel" | "ofPrompt" | "assign">
  rules: Pick<RoutingRules, "isEmpty" | "parameters" | "find">
}

/** What is told and kept of what was chosen for a request. */
export interface Chosen {
  headers: Readonly<Record<string, string>>
  /** Kept with the run. */
  facts: JsonObject
}

export interface Shaped extends Chosen {
  body: JsonObject
  /** The values that were filled in. */
  variables: JsonObject
}

export interface ShapeOptions {
  asking: Asking
  /** What the request says of a prompt. */
  asked: AskedPrompt | undefined
  /** Fills the prompt in by the dialect's way of doing so. */
  fill: (body: JsonObject, prompt: RenderedPrompt) => JsonObject
}

/** Undefined where nothing is chosen for it: it asks for no prompt and is in no experiment. */
export function shaped(shaping: RequestShaping, body: JsonObject, { asking, asked, fill }: ShapeOptions): Shaped | undefined {
  const { projectId } = asking.principal
  const model = typeof body["model"] === "string" ? body["model"] : undefined
  const assigned = assignedTo(shaping, asking, model, asked)
  const reference = referenceOf(assigned, asked)
  if (!assigned && !reference) return undefined
  const plain = withoutReference(withModel(body, assigned, model), asked)
  const { headers, facts } = assigned ? chosenFor(assigned) : { headers: {}, facts: {} }
  if (!reference) return { body: plain, headers, facts, variables: {} }
  const prompt = shaping.prompts.render(projectId, reference)
  const { name, version } = prompt
  return {
    body: fill(plain, prompt),
    headers: { ...headers, "x-perdure-prompt": `${name}@${version}` },
    facts: { ...facts, prompt: { id: name, version: String(version) } },
    variables: prompt.variables,
  }
}

/** What is told and kept of an assignment; only those of the sample are counted. */
export function chosenFor({ experiment, variant, isCounted }: Assigned): Chosen {
  const headers = { "x-perdure-experiment": `${experiment.name}=${variant.name}` }
  return { headers, facts: isCounted ? { experiment: { name: experiment.name, variant: variant.name, content: variant.content } } : {} }
}

/** Of one after the other. */
export function chosenToo(first: Chosen | undefined, then: Chosen | undefined): Chosen | undefined {
  if (!first || !then) return first ?? then
  return { headers: { ...first.headers, ...then.headers }, facts: { ...first.facts, ...then.facts } }
}

/** Its variants put other prompts in, so that a request that wants a certain one is not part of it. */
export function setsPrompts({ variants }: HeldExperiment): boolean {
  return variants.some(({ prompt }) => prompt !== undefined)
}

/** The name that was asked for is one that the key may use, as well as the model that is chosen. */
function assignedTo(
  { experiments }: RequestShaping,
  asking: Asking,
  model: string | undefined,
  asked: AskedPrompt | undefined,
): Assigned | undefined {
  const { principal } = asking
  const byModel = model === undefined ? undefined : experiments.ofModel(principal.projectId, model)
  const isOpen = asked?.name !== undefined && asked.version === undefined
  const experiment = byModel ?? (isOpen ? experiments.ofPrompt(principal.projectId, asked.name) : undefined)
  if (!experiment) return undefined
  if (model !== undefined) requireModel(principal, model)
  const wantsOwn = asked !== undefined && wantsCertainPrompt(experiment, asked)
  const assigned = wantsOwn ? undefined : experiments.assign(experiment, askerOf(asking))
  if (assigned || model?.startsWith(experimentPrefix) !== true) return assigned
  if (wantsOwn)
    throw new AppError("invalid_request", `the experiment "${experiment.name}" chooses the prompt, so that the request cannot`, {
      param: asked.where,
      hint: `Send ${asked.where} with variables alone, or ask for a model instead of the experiment.`,
    })
  throw noPart(experiment, asking)
}

/** Who asks for nothing but the experiment has nothing else to get. */
export function noPart({ name }: HeldExperiment, { principal }: Pick<Asking, "principal">): AppError {
  return new AppError("model_not_allowed", `the key "${principal.name}" has no part in the experiment "${name}"`, {
    param: "model",
    hint: "It has none of the experiment's tags, or may use none of its models. Ask for a model instead.",
  })
}

function wantsCertainPrompt(experiment: HeldExperiment, { name, version }: AskedPrompt): boolean {
  if (!setsPrompts(experiment)) return false
  return (
    version !== undefined || (name !== undefined && experiment.variants.some(({ prompt }) => prompt !== undefined && prompt.id !== name))
  )
}

function referenceOf(assigned: Assigned | undefined, asked: AskedPrompt | undefined): PromptReference | undefined {
  const prompt = assigned?.variant.prompt
  if (!prompt) return asked && namedReference(asked)
  const { id, version, label } = prompt
  const given = asked ?? { variables: undefined, where: "perdure.prompt" }
  return { name: id, version: version === undefined ? label : String(version), variables: given.variables, where: given.where }
}

/** A variant without a model has that of its prompt where only the experiment was asked for. */
function withModel(body: JsonObject, assigned: Assigned | undefined, asked: string | undefined): JsonObject {
  if (!assigned) return body
  const { model } = assigned.variant
  if (model !== undefined) return { ...body, model }
  if (asked?.startsWith(experimentPrefix) !== true) return body
  const { model: _, ...rest } = body
  return rest
}

function withoutReference(body: JsonObject, asked: AskedPrompt | undefined): JsonObject {
  if (!asked) return body
  const { perdure, ...rest } = body
  if (asked.where === "prompt") return Object.fromEntries(Object.entries(body).filter(([key]) => key !== "prompt"))
  if (!isJsonObject(perdure)) return rest
  const { prompt: _, ...others } = perdure
  return Object.keys(others).length === 0 ? rest : { ...rest, perdure: others }
}
