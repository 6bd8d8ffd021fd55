// Lets a light run in: its key may use the model (asked before all else), and what it may use is held of its limits before anything is asked of a provider.
import { dearestPrice, type Price, type Reservation, type ServedAs } from "../../accounting/index.ts"
import { outputTokensMaxOf, tierConfigured, type Model } from "../../inference/index.ts"
import { requireModel } from "../../security/index.ts"
import type { HotCall } from "../shell.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { refuse } from "./refuse.ts"
import { later, type MaybeLater } from "./text-channels.ts"

/** The scope comes first, so that a refusal tells nothing of what exists; the look-up names only what the key may use. */
export function usableModel({ models }: Pick<LightRunDependencies, "models">, hot: HotCall, name: string, does: Ability): Model {
  const { principal } = hot
  requireModel(principal, name)
  return models.require(name, does, principal.scope?.allowsModel)
}

type Ability = NonNullable<Parameters<LightRunDependencies["models"]["require"]>[1]>
type AdmitDependencies = Pick<LightRunDependencies, "admission" | "prices" | "logger">

/**
 * `go` follows at once, or when credit was fetched; what it throws is the answer, as is a refusal. May itself throw the refusal.
 * A client that left meanwhile gives back what was held.
 */
export function admit(dependencies: AdmitDependencies, call: LightCall, model: Model, go: () => void): void {
  const { hot } = call
  const held = reserve(dependencies, call, model)
  if (!(held instanceof Promise)) {
    call.reservation = held
    return go()
  }
  held
    .then((reservation) => {
      call.reservation = reservation
      if (hot.response.destroyed)
        call.settle("cancelled", 499, { code: "client_closed_request", message: "the client closed the connection" })
      else go()
    })
    .catch((error: unknown) => refuse(dependencies, hot, call, error))
}

/** The same for another model: nothing was used of the one that it was admitted to. May throw the refusal, or reject with it. */
export function admitElsewhere(dependencies: AdmitDependencies, call: LightCall, model: Model): MaybeLater<void> {
  // Given back first: one call at a time is still one.
  call.reservation?.release()
  call.reservation = undefined
  return later(reserve(dependencies, call, model), (reservation) => void (call.reservation = reservation))
}

function reserve({ admission, prices }: AdmitDependencies, { hot, request }: LightCall, model: Model): MaybeLater<Reservation> {
  const { principal } = hot
  return admission.reserve({
    projectId: principal.projectId,
    principalId: principal.id,
    keyLimits: principal.limits,
    user: request.user,
    model: model.name,
    tags: principal.tags,
    inputTokensEstimated: request.inputTokensEstimated,
    outputTokensMax: outputTokensMaxOf(model, request.outputTokensMax),
    pieces: request.pieces,
    served: request.served ?? servedAs(model),
    price: highestPrice({ prices }, model),
  })
}

function servedAs(model: Model): ServedAs | undefined {
  const serviceTier = tierConfigured(model)
  return serviceTier === undefined ? undefined : { serviceTier }
}

/** By the object: a reloaded configuration brings new models. */
const dearest = new WeakMap<Model, Price | "unknown">()

/** Of all its deployments; undefined where one of them is unknown. */
export function highestPrice({ prices }: Pick<AdmitDependencies, "prices">, model: Model): Price | undefined {
  const known = dearest.get(model)
  if (known !== undefined) return known === "unknown" ? undefined : known
  const price = dearestPrice(prices, model.deployments)
  dearest.set(model, price ?? "unknown")
  return price
}
