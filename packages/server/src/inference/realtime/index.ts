// Realtime sessions at providers.
export { connectRealtime, type ConnectRealtimeOptions } from "./connect.ts"
export { realtimeUsage } from "./usage.ts"
