// Public face of the Responses routes.
export { responseRoutes, type ResponseRoutesOptions } from "./routes.ts"
export { createResponseSchema } from "./request-schema.ts"
