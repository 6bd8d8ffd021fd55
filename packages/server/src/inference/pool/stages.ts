// The order in which a call may go through deployments: those that the client names first, then the groups of the model, then other models.
import type { Deployment, Model } from "../types.ts"
import { isEligible, isNamed, type Filter } from "./eligible.ts"
import { organisationOf } from "./organisation.ts"
import type { PlanRequest } from "./types.ts"

/** Deployments among which chance, stickiness or a measure decides. */
export interface Stage {
  model: Model
  deployments: readonly Deployment[]
}

/** What can serve the request of one model; empty when nothing can. */
export function stagesOf(model: Model, filter: Filter): readonly Stage[] {
  const { request } = filter
  const remembered = isPlain(filter, model) ? rememberedStages(model, request) : undefined
  if (remembered) return remembered
  let rest = model.deployments.filter((deployment) => isEligible(deployment, model, filter))
  const named: Stage[] = []
  for (const name of request.order ?? []) {
    const deployments = rest.filter((deployment) => isNamed(deployment, name))
    if (deployments.length === 0) continue
    named.push({ model, deployments })
    rest = rest.filter((deployment) => !deployments.includes(deployment))
  }
  return [...named, ...organisationFirst(groups(model, rest), model, request.organisation)]
}

function groups(model: Model, deployments: readonly Deployment[]): Stage[] {
  const byPriority = new Map<number, Deployment[]>()
  for (const deployment of deployments) {
    const group = byPriority.get(deployment.priority ?? 0)
    if (group) group.push(deployment)
    else byPriority.set(deployment.priority ?? 0, [deployment])
  }
  return [...byPriority].toSorted(([a], [b]) => a - b).map(([, group]) => ({ model, deployments: group }))
}

/** R26: reasoning that one organisation sealed can be read by no other, so it goes there before any other affinity and group. */
function organisationFirst(stages: Stage[], model: Model, organisation: string | undefined): Stage[] {
  if (organisation === undefined) return stages
  const all = stages.flatMap(({ deployments }) => deployments)
  const isOther = (deployment: Deployment): boolean => organisationOf(deployment) !== organisation
  const own = all.filter((deployment) => !isOther(deployment))
  if (own.length === 0 || own.length === all.length) return stages
  const others = stages.map((stage) => ({ model, deployments: stage.deployments.filter(isOther) }))
  return [...groups(model, own), ...others.filter(({ deployments }) => deployments.length > 0)]
}

/** Nothing but the model and what is needed decides: the same for every call. */
function isPlain({ request, regions }: Filter, model: Model): boolean {
  const { order, only, ignore, maxPrice, tags, organisation, residency } = request
  const conditions = [order, only, ignore, maxPrice, tags, organisation, residency, request.regions, regions, model.regions]
  return conditions.every((condition) => condition === undefined)
}

interface Remembered {
  needs: PlanRequest["needs"]
  usable: PlanRequest["usable"]
  stages: readonly Stage[]
}

const remembered = new WeakMap<Model, Remembered[]>()
/** Callers have a few constant conditions; whoever makes a new function for each call is not remembered. */
const rememberedMax = 16

function rememberedStages(model: Model, { needs, usable }: PlanRequest): readonly Stage[] | undefined {
  let known = remembered.get(model)
  if (!known) remembered.set(model, (known = []))
  const found = known.find((each) => each.needs === needs && each.usable === usable)
  if (found) return found.stages
  if (known.length >= rememberedMax) return undefined
  const able = model.deployments.filter((deployment) => deployment.does[needs] === true && (!usable || usable(deployment)))
  const stages = groups(model, able)
  known.push({ needs, usable, stages })
  return stages
}
