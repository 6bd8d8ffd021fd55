// Public face of calls from inside.
export { createInnerCalls, type InnerCallsOptions } from "./inner-calls.ts"
