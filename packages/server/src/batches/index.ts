// Public face of batches.
export { createBatches, type BatchesDependencies } from "./batches.ts"
export { CallSlots } from "./call-slots.ts"
export type { Batches, MessageRequest, CallLine, LineAnswer, LineRefusal, LineRequest } from "./types.ts"
