// Realtime sessions.
export { realtimePath, realtimeRoute, type RealtimeOptions } from "./route.ts"
export { realtimeRoutes, type RealtimeRoutesOptions } from "./client-secrets.ts"
