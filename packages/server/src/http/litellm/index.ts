// Public face of LiteLLM's admin API: its routes, and what the application around them needs to know of its paths.
export { liteLlmShape } from "./errors.ts"
export { liteLlmKeyRoutes } from "./keys.ts"
export { liteLlmPeopleRoutes } from "./people.ts"
export { liteLlmRoutes } from "./routes.ts"
export { isLiteLlmPath, liteLlmMounts, standInOf } from "./stand-ins.ts"
