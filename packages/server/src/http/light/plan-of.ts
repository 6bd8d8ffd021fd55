// The plan of a call: what its body, its headers and its key say about where it may be served.
import type { Capabilities, Deployment, Model, Plan, PlanRequest } from "../../inference/index.ts"
import { residencyOf } from "../../security/index.ts"
import type { ForwardedBody } from "./forwarded-body.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { routingOf } from "./own-fields.ts"

export function planOf(
  { pool }: Pick<LightRunDependencies, "pool">,
  call: LightCall,
  body: ForwardedBody,
  model: Model,
  needs: keyof Capabilities,
  usable?: (deployment: Deployment) => boolean,
): Plan {
  const request: PlanRequest = { ...routingOf(body.perdure, call.hot.request.headers), needs, caller: call.hot.principal }
  const affinity = body.cacheKey ?? call.request.user
  if (affinity !== null) request.affinity = affinity
  if (call.reservation) request.expected = call.reservation.request
  if (usable) request.usable = usable
  const residency = residencyOf(call.hot.principal)
  if (residency) request.residency = residency
  return pool.plan(model, request)
}
