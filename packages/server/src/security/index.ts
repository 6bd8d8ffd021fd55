// Public face of security: labels, identity, the gate's decisions, egress.
export { joinIdentity, joinLabels, sourcesMax, systemLabel, unknownLabel, userLabel, type Integrity, type Label } from "./labels.ts"
export type { ApiKey, Gate, GateDecision, GateRequest, Grant, Identity, Principal, RequestHeaders } from "./types.ts"
export { createGate, type GateOptions } from "./gate.ts"
export { createIdentity, type IdentityOptions } from "./identity.ts"
export { isPublicAddress } from "./addresses.ts"
export { createEgress, defaultEgressLimits, type Egress, type EgressLimits, type EgressOptions, type EgressResponse } from "./egress.ts"
export type { EgressRequest } from "./egress-redirect.ts"
