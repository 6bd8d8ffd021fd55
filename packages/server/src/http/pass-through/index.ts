// Public face of what is passed through to providers.
export { createPassThrough, type PassThrough } from "./pass-through.ts"
export type { PassThroughRoute } from "./types.ts"
