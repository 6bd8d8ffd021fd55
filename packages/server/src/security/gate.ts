// The one gate in front of side effects: default deny; a grant of the configuration allows; the decision says which one, or how to get one.
import { AppError } from "../core/index.ts"
import type { Gate, GateDecision, GateRequest, Grant } from "./types.ts"

export interface GateOptions {
  /** In the order of the configuration; the first that matches decides. */
  grants: readonly Grant[]
  /** Told of every decision, for metrics; must not throw. */
  onDecision?: (decision: GateDecision) => void
}

/** A pure function of the grants and the request: no clock, no database, no model. */
export function createGate({ grants, onDecision }: GateOptions): Gate {
  const decide = (request: GateRequest): GateDecision => {
    const decision = decideBy(grants, request)
    onDecision?.(decision)
    return decision
  }
  const require = (request: GateRequest): GateDecision => {
    const decision = decide(request)
    if (!decision.allowed) throw refusal(decision)
    return decision
  }
  return { decide, require }
}

function decideBy(grants: readonly Grant[], request: GateRequest): GateDecision {
  let tainted: { grant: Grant; index: number } | undefined
  for (const [index, grant] of grants.entries()) {
    if (!appliesTo(grant, request.principal)) continue
    const pattern = grant.allow.find((each) => matches(each, request))
    if (pattern === undefined) continue
    if (request.label.integrity < (grant.integrityMin ?? 0)) {
      tainted ??= { grant, index }
      continue
    }
    return { allowed: true, rule: `grants[${index}]`, reason: `"${pattern}" is granted to "${grant.to}" (${grant.origin})`, request }
  }
  if (tainted) {
    const { grant, index } = tainted
    const reason = `the request was influenced by ${request.label.sources.join(", ")} (integrity ${request.label.integrity}); the grant asks for ${grant.integrityMin} (${grant.origin})`
    return { allowed: false, rule: `grants[${index}]`, reason, request }
  }
  return {
    allowed: false,
    rule: "default deny",
    reason: `no grant allows "${request.action}:${request.target}" to "${request.principal}"`,
    request,
  }
}

/** A principal is named by its id. */
function appliesTo(grant: Grant, principal: string): boolean {
  return grant.to === "*" || grant.to === principal
}

function matches(pattern: string, request: GateRequest): boolean {
  const colon = pattern.indexOf(":")
  const action = colon < 0 ? pattern : pattern.slice(0, colon)
  const target = colon < 0 ? "*" : pattern.slice(colon + 1)
  return partMatches(action, request.action) && partMatches(target, request.target)
}

/** `*` matches anything, `x*` whatever begins with x, anything else only itself. */
function partMatches(pattern: string, value: string): boolean {
  return pattern.endsWith("*") ? value.startsWith(pattern.slice(0, -1)) : pattern === value
}

function refusal({ request, rule, reason }: GateDecision): AppError {
  return new AppError("policy_denied", `"${request.action}" on "${request.target}" is not allowed: ${reason} (${rule})`, {
    hint: `To allow it, add { to: "${request.principal}", allow: ["${request.action}:${request.target}"] } to grants in the configuration. A configuration without grants has the default ones, which its own replace: copy these first (docs/reference/config.md, Grants).`,
  })
}
