// Public face of the routes of Perdure's own API that runs, keys, usage and the dashboard need.
export { createDashboardRoutes, type DashboardRoutesOptions } from "./dashboard.ts"
export { createDeploymentRoutes, readDeployments, type DeploymentsOptions } from "./deployments.ts"
export { createKeyRoutes, type KeyRoutesOptions } from "./keys.ts"
export { createLightRuns, type LightRuns } from "./light-runs.ts"
export { createPromptRoutes, type PromptRoutesOptions } from "./prompts.ts"
export { createRunRoutes, type RunRoutesOptions } from "./runs.ts"
export { createUsageRoutes, type ReadUsage, type UsageRoutesOptions } from "./usage.ts"
export { createLimitRoutes, type LimitRoutesOptions } from "./limits.ts"
