// Public face of routing rules.
export { createRoutingRules, type FoundRule, type RoutingRules, type RuledRequest } from "./routing-rules.ts"
