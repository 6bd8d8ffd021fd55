// Public face of the pool.
export { isProbed } from "./engines.ts"
export { createPool, type PoolOptions } from "./pool.ts"
export { createProbes, type Probes, type ProbesOptions } from "./probes.ts"
export { parseRouting, parseRoutingHeader, routingHeader } from "./routing-request.ts"
export type {
  AttemptOutcome,
  BreakerState,
  DeploymentHealth,
  Following,
  NextAttempt,
  Plan,
  PlanRequest,
  Pool,
  PoolObserver,
  ProbeResult,
  RoutingRequest,
  Sorting,
} from "./types.ts"
