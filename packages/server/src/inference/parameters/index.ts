// Public face of the parameters that the configuration of a deployment adds to requests.
export { parameterChanges, withChanges, type CallKind, type ParameterChanges, type TopLevel } from "./changes.ts"
export { configuredCall } from "./configured-call.ts"
export { outputTokensMaxOf } from "./output-limit.ts"
export { tierConfigured } from "./tier-configured.ts"
