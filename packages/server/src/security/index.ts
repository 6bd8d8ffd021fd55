// Public face of security: labels, identity, the gate's decisions, egress.
export { joinIdentity, joinLabels, systemLabel, unknownLabel, userLabel, type Integrity, type Label } from "./labels.ts"
export type {
  ClientSecretGrant,
  Gate,
  GateDecision,
  GateRequest,
  Grant,
  Identity,
  KeyAdmin,
  KeyListFilter,
  KeyLookup,
  KeyPageFilter,
  KeySettings,
  NewKey,
  Principal,
  RequestHeaders,
} from "./types.ts"
export { matcherOf } from "./patterns.ts"
export { compileScope, endpointGroupOf, requireEndpoint, requireModel, residencyOf, type Scope } from "./scope.ts"
export { createGate, type GateOptions } from "./gate.ts"
export { createIdentity, type IdentityOptions } from "./identity.ts"
export { noLiveKey } from "./key-admin.ts"
export { createEgress, type Egress, type EgressLimits, type EgressOptions, type EgressResponse } from "./egress.ts"
export type { EgressRequest } from "./egress-redirect.ts"
export {
  createKeyWrapping,
  masterKeyBytes,
  openKeyWrapping,
  parseMasterKey,
  rewrapDataKeys,
  type KeyWrapping,
  type MasterKey,
  type MasterKeys,
  type Rotation,
} from "./key-wrapping.ts"
export { clientTextOpener, type ClientTextPurpose, type OpenClientText } from "./client-texts.ts"
export { mentionsSealed, openSealer, openUnder, sealUnder, type Sealer } from "./sealed.ts"
export {
  CallerRefusal,
  createGuards,
  createModeration,
  createRedactor,
  defineGuard,
  type AnswerText,
  type Guard,
  type GuardContext,
  type GuardDefinition,
  type GuardReport,
  type GuardRole,
  type GuardRule,
  type Guards,
  type GuardSession,
  type GuardText,
  type Judgement,
  type Moderate,
} from "./guards/index.ts"
