// Public face of the composition.
export { rotateEncryption } from "./encryption.ts"
export { openRanking } from "./ranking.ts"
export { createPerdure, defaultProjectId, openKeys, type Overrides, type Perdure } from "./compose.ts"
