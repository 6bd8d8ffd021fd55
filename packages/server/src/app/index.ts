// Public face of the composition.
export { createPerdure, defaultProjectId, openKeys, type Overrides, type Perdure } from "./compose.ts"
