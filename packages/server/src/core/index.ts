// Public face of core: identifiers, time, errors, limits, JSON, event streams, promises. No input or output happens here.
export { isIdOf, newId, type IdPrefix, type NewId } from "./ids.ts"
export { systemClock, type Clock } from "./clock.ts"
export { AppError, messageOf, type AppErrorDetails } from "./errors.ts"
export { defaultLimits, type Limits } from "./limits.ts"
export { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "./json.ts"
export { sseData, sseDone, sseEvent, sseHeaders, ssePing } from "./sse.ts"
export { BackgroundTasks, deferred, repeated, sleep, type Deferred } from "./async.ts"
export { collectYoungBy, countBuffer } from "./young-buffers.ts"
