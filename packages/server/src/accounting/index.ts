// Public face of accounting.
export type { LightRunRecord } from "./types.ts"
