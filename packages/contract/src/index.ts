// Public face of the contract: what clients of Perdure's own API may rely on.
export { errorCodes, errorStatus, errorType, type ErrorCode } from "./errors.ts"
