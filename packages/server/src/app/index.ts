// Public face of the composition.
export { openRanking } from "./ranking.ts"
export { createPerdure, defaultProjectId, openKeys, type Overrides, type Perdure } from "./compose.ts"
