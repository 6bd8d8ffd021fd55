// A request as the routing rule says that fits it: of another model, which is told in a header and kept with the run.
import type { IncomingHttpHeaders } from "node:http"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { FoundRule, RoutingRules, RuledRequest } from "../../inference/index.ts"
import { endpointGroupOf, requireModel, type Principal } from "../../security/index.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import type { Chosen } from "../prompts/shape.ts"
import type { HotCall } from "../shell.ts"
import { requestMetadata } from "./request-metadata.ts"

type Rules = Pick<RoutingRules, "isEmpty" | "parameters" | "find">

export interface Asking {
  endpoint: string
  model: string
  principal: Principal
  /** That the request names. */
  user: string | null
  headers: Readonly<IncomingHttpHeaders>
  perdure: JsonValue | undefined
  top: (names: ReadonlySet<string>) => { value(name: string): JsonValue | undefined }
}

/** Undefined where no rule fits. The name that was asked for is one that the key may use. */
export function ruleFor(rules: Rules, asking: Asking): FoundRule | undefined {
  const found = rules.find(new Ruled(asking, rules.parameters))
  if (found) requireModel(asking.principal, asking.model)
  return found
}

/** Undefined where no rule fits; the model's name alone changes, by moving bytes. */
export function ruledBody<B extends ForwardedBody>(
  rules: Rules | undefined,
  { principal, request }: Pick<HotCall, "principal" | "request">,
  body: B,
): { body: B; chosen: Chosen } | undefined {
  if (!rules || rules.isEmpty) return undefined
  const { model, user, perdure } = body
  const endpoint = endpointGroupOf(request.url ?? "") ?? ""
  const top: Asking["top"] = (names) => body.top(names)
  const found = ruleFor(rules, { endpoint, model, principal, user, headers: request.headers, perdure, top })
  if (!found) return undefined
  const { to } = found
  return { body: { ...body, model: to, parsed: () => ({ ...body.parsed(), model: to }) }, chosen: chosenBy(found, model) }
}

export function chosenBy({ name }: FoundRule, asked: string): Chosen {
  return { headers: { "x-perdure-rule": name }, facts: { rule: { name, asked } } }
}

class Ruled implements RuledRequest {
  readonly endpoint: string
  readonly model: string
  readonly principal: Principal
  readonly user: string | null
  readonly headers: Asking["headers"]
  readonly #asking: Asking
  readonly #names: ReadonlySet<string>
  #top: ReturnType<Asking["top"]> | undefined
  #metadata: JsonObject | undefined

  constructor(asking: Asking, names: ReadonlySet<string>) {
    this.#asking = asking
    this.#names = names
    this.endpoint = asking.endpoint
    this.model = asking.model
    this.principal = asking.principal
    // A request with a key that acts for one user cannot pass for somebody else's.
    this.user = asking.principal.user ?? asking.user
    this.headers = asking.headers
  }

  allowsModel(model: string): boolean {
    const { scope } = this.principal
    return scope === null || scope.allowsModel(model)
  }

  metadata(): JsonObject {
    this.#metadata ??= requestMetadata(this.#asking.perdure, this.headers, this.parameter("metadata"))
    return this.#metadata
  }

  parameter(name: string): JsonValue | undefined {
    this.#top ??= this.#asking.top(this.#names)
    return this.#top.value(name)
  }
}
